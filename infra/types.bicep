metadata description = 'Types of the parameters. What they bound, the application and `bml` accept as well (tests/unit/infra).'

@export()
@description('Hash that makes names unique: what uniqueString() gives.')
@minLength(13)
@maxLength(13)
type Token = string

@export()
@description('Tags of a resource: texts.')
#disable-next-line use-user-defined-types // `{ *: string }` is what the grammar of tests and checkov cannot read
type Tags = object

@export()
@description('Name of a compute: letters, digits and single hyphens, beginning with a letter.')
@minLength(2)
@maxLength(32)
type ComputeName = string

@export()
@description('One compute, served by one scale set. gpu: its size has NVIDIA GPUs. secureBoot: false for sizes whose driver Canonical does not sign; true unless said.')
@sealed()
type Compute = {
  name: ComputeName
  vmSize: string
  spot: bool
  gpu: bool?
  secureBoot: bool?
}

@export()
@description('Object id of a user, group, service principal or managed identity.')
@minLength(36)
@maxLength(36)
type PrincipalId = string

@export()
@description('Name of a role of the workspace.')
type RoleName = 'Owner' | 'Contributor' | 'Reader' | 'AzureML Data Scientist' | 'AzureML Compute Operator' | 'Batch Endpoint Invoker'

@export()
@description('Name of a batch endpoint.')
@minLength(3)
@maxLength(32)
type EndpointName = string

@export()
@description('A role of a caller; with endpoint for that endpoint only.')
@sealed()
type RoleAssignment = {
  principalId: PrincipalId
  role: RoleName
  endpoint: EndpointName?
}
