metadata description = 'Event Grid\'s subscription to new blobs. Azure makes it only if the topic can already send, so it comes last.'

@description('Name of the topic.')
param topicName string

@description('Name of the storage account.')
param storageName string

@description('Queue of the application.')
param queueName string

@description('Container for events that could not be delivered.')
param deadLetterContainer string

@description('Minutes for which Event Grid tries to deliver an event before it puts it aside.')
@minValue(1)
@maxValue(1440)
param deliveryMinutes int = 1440

// What the service itself writes starts no jobs, and would be most of the events.
var silentSubjects = [
  '/blobServices/default/containers/app-package'
  '/blobServices/default/containers/azure-webjobs-'
  '/blobServices/default/containers/batch-jobs'
  '/blobServices/default/containers/batchendpoints-'
  '/blobServices/default/containers/blob-events-'
  '/blobServices/default/containers/code-'
  '/blobServices/default/containers/azureml-blobstore/blobs/LocalUpload/'
  '/blobServices/default/containers/azureml-blobstore/blobs/azureml/'
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource newBlobs 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'new-blobs'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    deliveryWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: account.id
          queueName: queueName
          queueMessageTimeToLiveInSeconds: -1
        }
      }
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: account.id
          blobContainerName: deadLetterContainer
        }
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.Storage.BlobCreated'
      ]
      advancedFilters: [
        {
          operatorType: 'StringNotBeginsWith'
          key: 'Subject'
          values: silentSubjects
        }
        {
          operatorType: 'StringNotIn'
          key: 'data.api'
          values: [
            'CreateFile'
            'SftpCreate'
          ]
        }
      ]
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: deliveryMinutes
    }
  }
}
