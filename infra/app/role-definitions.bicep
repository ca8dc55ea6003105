metadata description = 'Custom roles where no built-in one is narrow enough. docs/infra.md says which call needs which action.'

import { Token } from '../types.bicep'

@description('Hash that makes names unique: role names are the tenant\'s.')
param token Token

resource scaler 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'scaler')
  properties: {
    roleName: 'Batch endpoints scaler ${token}'
    description: 'Reads and resizes a scale set and removes named instances. Assigned on each scale set by itself.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Compute/virtualMachineScaleSets/read'
          'Microsoft.Compute/virtualMachineScaleSets/write'
          'Microsoft.Compute/virtualMachineScaleSets/delete/action'
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource scalerMachines 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'scaler-machines')
  properties: {
    roleName: 'Batch endpoints scaler, machines ${token}'
    description: 'Makes and deletes machines of a flexible scale set. Assigned on the group, where they lie.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Compute/virtualMachines/write'
          'Microsoft.Compute/virtualMachines/delete'
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource scalerParts 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'scaler-parts')
  properties: {
    roleName: 'Batch endpoints scaler, parts ${token}'
    description: 'Puts a machine into a subnet and security group, and gives it an identity. Assigned on those of the nodes.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Network/virtualNetworks/subnets/join/action'
          'Microsoft.Network/networkSecurityGroups/join/action'
          'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource machineReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'machine-reader')
  properties: {
    roleName: 'Batch endpoints machine reader ${token}'
    description: 'Lists the virtual machines of the resource group with their states, and follows operations on scale sets.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Compute/virtualMachines/read'
          'Microsoft.Compute/virtualMachines/instanceView/read'
          'Microsoft.Compute/locations/operations/read' // an operation's state is asked for at the group, not at its resource
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource nodeBlobs 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'node-blobs')
  properties: {
    roleName: 'Batch endpoints node, blobs ${token}'
    description: 'Reads and writes blobs; deletes none, and makes and deletes no containers.'
    type: 'CustomRole'
    permissions: [
      {
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource nodeQueues 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'node-queues')
  properties: {
    roleName: 'Batch endpoints node, queues ${token}'
    description: 'Sends, receives, renews and deletes messages; makes and deletes no queues.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/queueServices/queues/read'
        ]
        dataActions: [
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/read'
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/write'
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete'
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/add/action'
          'Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action'
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

@description('Role of the Function App on each scale set.')
output scalerRoleId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', scaler.name)

@description('Role of the Function App on machines, where Azure asks for it.')
output scalerMachinesRoleId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', scalerMachines.name)

@description('Role of the Function App on what machines are put together from, where Azure asks for it.')
output scalerPartsRoleId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', scalerParts.name)

@description('Role of the Function App on the resource group.')
output machineReaderRoleId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', machineReader.name)

@description('Role of the nodes on blobs.')
output nodeBlobRoleId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', nodeBlobs.name)

@description('Role of the nodes on queues.')
output nodeQueueRoleId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', nodeQueues.name)
