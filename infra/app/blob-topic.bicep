metadata description = 'The topic of the account\'s new blobs, and the container for events that could not be delivered.'

import { Tags, Token } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Hash that makes names unique.')
param token Token

@description('Name of the storage account.')
param storageName string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobService
  name: 'blob-events-dead-letters'
  properties: {
    publicAccess: 'None'
  }
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-${token}'
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned' // the account's firewall lets no other kind in
  }
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

@description('The topic\'s name.')
output name string = topic.name

@description('Object id of the topic\'s identity. A topic that is made anew has another one.')
output principalId string = topic.identity.principalId

@description('Name of the container for events that could not be delivered.')
output deadLetterContainer string = deadLetters.name
