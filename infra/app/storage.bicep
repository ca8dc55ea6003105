metadata description = 'The workspace\'s storage account: shared keys off, no public blobs.'

import { Tags, Token } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Hash that makes names unique.')
param token Token

@description('Container of the Function App\'s package.')
param packageContainer string

@description('Whether only private endpoints reach the account.')
param privateNetwork bool

@description('Copies that Azure keeps.')
param redundancy string

@description('Days in which deleted blobs and containers can be brought back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 7

// The application makes what is missing; nodes may not, so what they use is made here.
var containers = [
  packageContainer
  'azureml-blobstore'
  'batch-jobs'
]
var queues = [
  'blob-events'
  'job-notifications'
  'job-nudges'
  'job-requests'
  'purge-requests'
]
var tables = [
  'datastoresecrets'
  'jobindex'
  'jobs'
  'nodes'
  'progress'
  'reservations'
  'resources'
  'scalingproblems'
  'workspacekeys'
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: 'st${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: redundancy
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
    }
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [for name in containers: {
  parent: blobService
  name: name
  properties: {
    publicAccess: 'None'
  }
}]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for name in queues: {
  parent: queueService
  name: name
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [for name in tables: {
  parent: tableService
  name: name
}]

@description('The account\'s name.')
output name string = account.name
