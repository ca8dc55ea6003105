metadata description = 'Lets the Function App list the nodes\' virtual machines and follow what it started.'

@description('Object id of the Function App\'s identity.')
param principalId string

@description('Resource id of the machine reader role.')
param roleId string

resource reading 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roleId
  }
}
