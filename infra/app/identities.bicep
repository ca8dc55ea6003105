metadata description = 'The two identities of an installation: the Function App\'s and the nodes\'.'

import { Tags, Token } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Hash that makes names unique.')
param token Token

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-app-${token}'
  location: location
  tags: tags
}

resource node 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
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

@description('Name of the nodes\' identity.')
output nodeName string = node.name

@description('Client id of the nodes\' identity.')
output nodeClientId string = node.properties.clientId

@description('Object id of the nodes\' identity.')
output nodePrincipalId string = node.properties.principalId
