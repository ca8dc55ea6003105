targetScope = 'subscription'

import { Compute, PrincipalId, RoleAssignment, Tags } from 'types.bicep'

metadata description = 'Batch endpoints: Function App, storage account, scorer scale sets and what they need.'

@description('Short name of this installation; part of the resource group\'s name and of every other name\'s hash.')
@minLength(1)
@maxLength(58)
param environmentName string

@description('Azure region of everything; one that offers Flex Consumption and the machine sizes of the computes.')
@minLength(1)
@metadata({ azd: { type: 'location' } })
param location string

@description('Third part of the resource ids that clients use: the workspace\'s name.')
@minLength(3)
@maxLength(33)
param workspaceName string = 'batch'

@description('Object id of who owns the workspace: may do everything in it. azd gives whoever deploys, deploy.sh who deployed first.')
param ownerPrincipalId PrincipalId

@description('Roles of further callers: principalId (object id of a user, group, service principal or managed identity), role (Owner, Contributor, Reader, AzureML Data Scientist, AzureML Compute Operator, Batch Endpoint Invoker) and, for one batch endpoint only, endpoint.')
param roleAssignments RoleAssignment[] = []

@description('Application ID URI of an app registration, whose tokens and app roles are accepted besides tokens for Azure.')
param tokenAudience string = ''

@description('The computes, one scale set each: name (2 to 32 letters, digits and single hyphens), vmSize, spot (true for machines that Azure may take back), gpu (true for sizes with NVIDIA GPUs; may be left out), secureBoot (false for sizes that need another driver than Canonical\'s; may be left out). The name is the one given to `bml compute create`.')
@minLength(1)
param computes Compute[] = [
  { name: 'cpu-cluster', vmSize: 'Standard_D4s_v5', spot: false }
]

@description('SSH public key of the nodes\' administrator. Nothing can reach the nodes from outside; the platform asks for one. The default is only for azd, which asks for parameters that have none before its hook makes the key.')
param sshPublicKey string = ''

@description('Tag of the scorer image in the registry; each node pulls it when it starts.')
param scorerImageTag string = 'current'

@description('Version of the nodes\' system image (Canonical, ubuntu-24_04-lts, server), such as 24.04.202611010: with one, a machine of next month starts from the image of today.')
param nodeImageVersion string = 'latest'

@description('Python of the Function App. The default is the version that the test suite runs on.')
@allowed(['3.11', '3.12', '3.13'])
param pythonVersion string = '3.11'

@description('Put storage and Function App behind private endpoints: then only the virtual network reaches them.')
param privateNetwork bool = false

@description('How nodes reach the internet: publicIp costs nothing while none runs and lets nothing in; natGateway has one steady address and costs all the time.')
@allowed(['publicIp', 'natGateway'])
param nodeOutbound string = 'publicIp'

@description('What the application may do to scale: documented is what Azure documents for flexible scale sets; scaleSets is less, the scale sets alone, which may be enough.')
@allowed(['documented', 'scaleSets'])
param scalingRights string = 'documented'

@description('Copies that storage keeps: Standard_ZRS in three data centres, where the region has them; Standard_LRS in one.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('Instances of the Function App that are always ready for orchestrations: 1 as Microsoft advises for durable functions, 0 for the least cost at rest.')
@minValue(0)
@maxValue(20)
param alwaysReadyDurable int = 1

@description('Make the alert rules, which cost a few dollars a month.')
param alerts bool = true

@description('Whom alerts are sent to by e-mail; empty for nobody.')
param alertEmail string = ''

@description('Address that alerts are posted to (common alert schema); empty for none.')
@secure()
param alertWebhook string = ''

@description('Whether Event Grid tells the application of new blobs, so that they start the jobs of triggers.')
param blobEvents bool = true

@description('Tags of every resource.')
param tags Tags = {}

var token = uniqueString(subscription().id, environmentName, location)
var allTags = union(tags, { 'azd-env-name': environmentName })
var scaleSetName = 'vmss-${token}-{compute}'
var packageContainer = 'app-package'
var blobEventsQueue = 'blob-events'
var functionAppName = 'func-${token}'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: allTags
}

module identities 'app/identities.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    token: token
  }
}

module roles 'app/role-definitions.bicep' = {
  scope: group
  params: {
    token: token
  }
}

module monitoring 'app/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    token: token
    publisherPrincipalIds: [identities.outputs.appPrincipalId, identities.outputs.nodePrincipalId]
  }
}

module workbook 'app/workbook.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    insightsName: monitoring.outputs.insightsName
  }
}

module alertRules 'app/alerts.bicep' = if (alerts) {
  scope: group
  params: {
    location: location
    tags: allTags
    token: token
    insightsName: monitoring.outputs.insightsName
    email: alertEmail
    webhook: alertWebhook
  }
}

module storage 'app/storage.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    token: token
    packageContainer: packageContainer
    redundancy: storageRedundancy
    privateNetwork: privateNetwork
  }
}

module storageAccess 'app/storage-access.bicep' = {
  scope: group
  params: {
    storageName: storage.outputs.name
    packageContainer: packageContainer
    appPrincipalId: identities.outputs.appPrincipalId
    nodePrincipalId: identities.outputs.nodePrincipalId
    nodeBlobRoleId: roles.outputs.nodeBlobRoleId
    nodeQueueRoleId: roles.outputs.nodeQueueRoleId
  }
}

module blobTopic 'app/blob-topic.bicep' = if (blobEvents) {
  scope: group
  params: {
    location: location
    tags: allTags
    token: token
    storageName: storage.outputs.name
  }
}

module blobTopicRights 'app/blob-topic-rights.bicep' = if (blobEvents) {
  scope: group
  params: {
    storageName: storage.outputs.name
    queueName: blobEventsQueue
    deadLetterContainer: blobTopic!.outputs.deadLetterContainer
    topicPrincipalId: blobTopic!.outputs.principalId
  }
}

module registry 'app/registry.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    token: token
    pullPrincipalId: identities.outputs.nodePrincipalId
  }
}

module network 'app/network.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    token: token
    natGateway: nodeOutbound == 'natGateway'
  }
}

module functionApp 'app/function-app.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    name: functionAppName
    pythonVersion: pythonVersion
    workspaceName: workspaceName
    scaleSetName: scaleSetName
    roleAssignments: concat([{ principalId: ownerPrincipalId, role: 'Owner' }], roleAssignments)
    tokenAudience: tokenAudience
    storageName: storage.outputs.name
    packageContainer: packageContainer
    identityId: identities.outputs.appId
    identityClientId: identities.outputs.appClientId
    insightsName: monitoring.outputs.insightsName
    alwaysReadyDurable: alwaysReadyDurable
    integrationSubnetId: privateNetwork ? network.outputs.appSubnetId : ''
  }
  dependsOn: [
    storageAccess
  ]
}

module privateEndpoints 'app/private-endpoints.bicep' = if (privateNetwork) {
  scope: group
  params: {
    location: location
    tags: allTags
    token: token
    networkId: network.outputs.networkId
    subnetId: network.outputs.endpointsSubnetId
    storageName: storage.outputs.name
    functionAppName: functionApp.outputs.name
  }
}

module machineReading 'app/machine-reading.bicep' = {
  scope: group
  params: {
    principalId: identities.outputs.appPrincipalId
    roleId: roles.outputs.machineReaderRoleId
  }
  dependsOn: [
    storageAccess // a role that was made a moment ago may not be known yet
  ]
}

module scalerRights 'app/scaling-rights.bicep' = if (scalingRights == 'documented') {
  scope: group
  params: {
    principalId: identities.outputs.appPrincipalId
    machinesRoleId: roles.outputs.scalerMachinesRoleId
    partsRoleId: roles.outputs.scalerPartsRoleId
    networkName: network.outputs.networkName
    subnetName: 'nodes'
    securityGroupName: network.outputs.nodesSecurityGroupName
    nodeIdentityName: identities.outputs.nodeName
  }
  dependsOn: [
    storageAccess // as above
  ]
}

// Read as late as can be: what changes between this and the scale set is undone.
module presentInstances 'app/present-instances.bicep' = [for compute in computes: {
  scope: group
  params: {
    scaleSetName: replace(scaleSetName, '{compute}', compute.name)
  }
  dependsOn: [
    machineReading
    monitoring
    network
    registry
    storageAccess
  ]
}]

module scaleSets 'app/compute.bicep' = [for (compute, index) in computes: {
  scope: group
  params: {
    location: location
    tags: allTags
    computeName: compute.name
    scaleSetName: replace(scaleSetName, '{compute}', compute.name)
    vmSize: compute.vmSize
    spot: compute.spot
    gpu: compute.?gpu ?? false
    secureBoot: compute.?secureBoot ?? true
    imageVersion: nodeImageVersion
    capacity: presentInstances[index].outputs.capacity
    sshPublicKey: sshPublicKey
    subnetId: network.outputs.nodesSubnetId
    publicIp: nodeOutbound == 'publicIp'
    identityId: identities.outputs.nodeId
    identityClientId: identities.outputs.nodeClientId
    storageName: storage.outputs.name
    insightsName: monitoring.outputs.insightsName
    registryServer: registry.outputs.server
    imageTag: scorerImageTag
    scalerPrincipalId: identities.outputs.appPrincipalId
    scalerRoleId: roles.outputs.scalerRoleId
  }
  dependsOn: [
    storageAccess
  ]
}]

// Event Grid tries the topic's rights when the subscription is made, and rights need minutes to be known everywhere: the
// subscription waits for all that takes long.
module blobSubscription 'app/blob-events.bicep' = if (blobEvents) {
  scope: group
  params: {
    topicName: blobTopic!.outputs.name
    storageName: storage.outputs.name
    queueName: blobEventsQueue
    deadLetterContainer: blobTopic!.outputs.deadLetterContainer
  }
  dependsOn: [
    alertRules
    blobTopicRights
    functionApp
    privateEndpoints
    scaleSets
  ]
}

@description('Resource group of the installation.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The Function App\'s name.')
output AZURE_FUNCTION_NAME string = functionApp.outputs.name

@description('The registry\'s name, for `az acr build`.')
output AZURE_CONTAINER_REGISTRY_NAME string = registry.outputs.name

@description('Tag that the scorer image is pushed under.')
output BATCH_SCORER_IMAGE_TAG string = scorerImageTag

@description('Base address of the management API and of the scoring URIs.')
output BATCH_PUBLIC_URL string = functionApp.outputs.url

@description('The workspace\'s name, for `BML_WORKSPACE`.')
output BATCH_WORKSPACE string = workspaceName

@description('Names of optional resources that are wanted, or their beginnings: what is switched off goes after the deployment (switched-off.sh).')
output BATCH_SWITCHED_ON string = join(concat(
  map(computes, compute => replace(scaleSetName, '{compute}', compute.name)),
  alerts ? ['alert-', 'ag-'] : [],
  scalingRights == 'documented' ? ['scaling-rights'] : [],
  blobEvents ? ['evgt-'] : [],
  privateNetwork ? ['pe-', 'privatelink.'] : [],
  nodeOutbound == 'natGateway' ? ['ng-', 'pip-nat-'] : []
), ' ')
