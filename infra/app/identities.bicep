metadata description = 'The two identities of an installation: the Function App\'s and the nodes\'.'

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('Hash that makes names unique.')
param token string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-app-${token}'
  location: location
  tags: tags
}

resource node 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-node-${token}'
  location: location
  tags: tags
}

@description('Resource id of the Function App\'s identity.')
output appId string = app.id

@description('Client id of the Function App\'s identity.')
output appClientId string = app.properties.clientId

@description('Object id of the Function App\'s identity.')
output appPrincipalId string = app.properties.principalId

@description('Resource id of the nodes\' identity.')
output nodeId string = node.id

@description('Client id of the nodes\' identity.')
output nodeClientId string = node.properties.clientId

@description('Object id of the nodes\' identity.')
output nodePrincipalId string = node.properties.principalId
