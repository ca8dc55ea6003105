metadata description = 'Private endpoints of blob, queue, table and the Function App, with the DNS zones that lead to them.'

import { Tags, Token } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Hash that makes names unique.')
param token Token

@description('Resource id of the virtual network.')
param networkId string

@description('Resource id of the subnet of the endpoints.')
param subnetId string

@description('Name of the storage account.')
param storageName string

@description('Name of the Function App.')
param functionAppName string

var endpoints = [
  { name: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
  { name: 'queue', zone: 'privatelink.queue.${environment().suffixes.storage}' }
  { name: 'table', zone: 'privatelink.table.${environment().suffixes.storage}' }
  { name: 'sites', zone: 'privatelink.azurewebsites.net' }
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for endpoint in endpoints: {
  name: endpoint.zone
  location: 'global'
  tags: tags
}]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (endpoint, index) in endpoints: {
  parent: zone[index]
  name: 'link-${token}'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: networkId
    }
  }
}]

// One after another: an account refuses two changes at a time.
@batchSize(1)
resource privateEndpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = [for endpoint in endpoints: {
  name: 'pe-${endpoint.name}-${token}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: endpoint.name
        properties: {
          privateLinkServiceId: endpoint.name == 'sites' ? site.id : account.id
          groupIds: [
            endpoint.name
          ]
        }
      }
    ]
  }
}]

@batchSize(1)
resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoint[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: endpoint.name
        properties: {
          privateDnsZoneId: zone[index].id
        }
      }
    ]
  }
}]
