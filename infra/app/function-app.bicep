metadata description = 'The Function App on Flex Consumption. Its settings are those that shared/ and the host read, and no others.'

import { RoleAssignment, Tags } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Name of the Function App, which is also its host name.')
param name string

@description('Version of Python.')
param pythonVersion string

@description('Third part of the resource ids that clients use.')
param workspaceName string

@description('Name of a compute\'s scale set, {compute} standing for the compute\'s.')
param scaleSetName string

@description('Roles of callers: objects of principalId, role and, for one batch endpoint only, endpoint.')
param roleAssignments RoleAssignment[]

@description('Audience of tokens that are accepted besides those for Azure; empty for none.')
param tokenAudience string

@description('Name of the storage account.')
param storageName string

@description('Container of the application\'s package.')
param packageContainer string

@description('Resource id of the identity.')
param identityId string

@description('Client id of the identity.')
param identityClientId string

@description('Name of the Application Insights component.')
param insightsName string

@description('Instances that are always ready for orchestrations.')
param alwaysReadyDurable int

@description('Subnet through which the application reaches storage; empty for none, and then everybody may call it.')
param integrationSubnetId string

@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances at most, of each group of functions.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

// The environment names two audiences for Azure itself: az asks for the older one when it is not told a resource.
var audiences = union(environment().authentication.audiences, [
  environment().resourceManager
  'https://ml.azure.com'
  tokenAudience
])

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: empty(integrationSubnetId) ? 'Enabled' : 'Disabled'
    virtualNetworkSubnetId: empty(integrationSubnetId) ? null : integrationSubnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: pythonVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyDurable == 0 ? [] : [
          {
            name: 'durable'
            instanceCount: alwaysReadyDurable
          }
        ]
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: {
    AzureWebJobsStorage__accountName: storageName // with the addresses alone, the host may not find its storage at its start
    AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    PYTHON_THREADPOOL_THREAD_COUNT: '8'
    BATCH_SUBSCRIPTION_ID: subscription().subscriptionId
    BATCH_RESOURCE_GROUP: resourceGroup().name
    BATCH_WORKSPACE: workspaceName
    BATCH_LOCATION: location
    BATCH_PUBLIC_URL: 'https://${site.properties.defaultHostName}'
    BATCH_TOKEN_ISSUER: 'https://sts.windows.net/${tenant().tenantId}/'
    BATCH_TOKEN_JWKS_URL: '${environment().authentication.loginEndpoint}${tenant().tenantId}/discovery/keys'
    BATCH_TOKEN_AUDIENCES: join(audiences, ',')
    BATCH_ROLE_ASSIGNMENTS: string(roleAssignments)
    BATCH_SCALE_SET: 'vmss'
    BATCH_VMSS_SUBSCRIPTION_ID: subscription().subscriptionId
    BATCH_VMSS_RESOURCE_GROUP: resourceGroup().name
    BATCH_VMSS_NAME: scaleSetName
    BATCH_VMSS_CLIENT_ID: identityClientId
    BATCH_VMSS_ENDPOINT: environment().resourceManager
  }
}

resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

@description('Name of the Function App.')
output name string = site.name

@description('Base address of the Function App.')
output url string = 'https://${site.properties.defaultHostName}'
