metadata description = 'Who may do what with the storage account. docs/infra.md has the calls that need it.'

@description('Name of the storage account.')
param storageName string

@description('Container of the Function App\'s package, which nodes may neither read nor write.')
param packageContainer string

@description('Object id of the Function App\'s identity.')
param appPrincipalId string

@description('Object id of the nodes\' identity.')
param nodePrincipalId string

@description('Resource id of the nodes\' role on blobs.')
param nodeBlobRoleId string

@description('Resource id of the nodes\' role on queues.')
param nodeQueueRoleId string

var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var storageTableDataReader = '76199698-9eea-4c19-bc75-cec21354c6b6'

var appRoles = [
  storageBlobDataOwner // the Functions host asks for it, and it signs user delegation keys
  storageQueueDataContributor
  storageTableDataContributor
]
var nodeTables = [
  'nodes'
  'progress'
]

// Users' models run on nodes: the host's state, its keys and the application's package are out of reach there.
var nodeBlobCondition = replace(loadTextContent('../conditions/node-blobs.txt'), '{package}', packageContainer)
var nodeQueueCondition = loadTextContent('../conditions/node-queues.txt')

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource nodeTable 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = [for name in nodeTables: {
  parent: tableService
  name: name
}]

resource secretsTable 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = {
  parent: tableService
  name: 'datastoresecrets'
}

resource appAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in appRoles: {
  name: guid(account.id, appPrincipalId, role)
  scope: account
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

resource nodeBlobAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, nodePrincipalId, nodeBlobRoleId)
  scope: account
  properties: {
    principalId: nodePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: nodeBlobRoleId
    condition: nodeBlobCondition
    conditionVersion: '2.0'
  }
}

resource nodeQueueAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, nodePrincipalId, nodeQueueRoleId)
  scope: account
  properties: {
    principalId: nodePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: nodeQueueRoleId
    condition: nodeQueueCondition
    conditionVersion: '2.0'
  }
}

resource nodeTableAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, index) in nodeTables: {
  name: guid(account.id, name, nodePrincipalId, storageTableDataContributor)
  scope: nodeTable[index]
  properties: {
    principalId: nodePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
  }
}]

resource nodeSecretsAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, 'datastoresecrets', nodePrincipalId, storageTableDataReader)
  scope: secretsTable
  properties: {
    principalId: nodePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataReader)
  }
}
