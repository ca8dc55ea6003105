metadata description = 'Log Analytics workspace and Application Insights, which takes telemetry from identities only.'

import { PrincipalId, Tags, Token } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Hash that makes names unique.')
param token Token

@description('Object ids of the identities that send telemetry.')
param publisherPrincipalIds PrincipalId[]

@description('Days that logs are kept; 30 are included in the price.')
@minValue(30)
@maxValue(730)
param retentionDays int = 30

@description('GB of telemetry that are taken in a day; what comes after them is dropped. A guard against surprises: a GB costs about as much as ten hours of a node.')
@minValue(1)
param dailyGB int = 10

var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource logs 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyGB
    }
    features: {
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
    DisableLocalAuth: true
  }
}

resource publishing 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for publisher in publisherPrincipalIds: {
  name: guid(insights.id, publisher, monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: publisher
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}]

@description('Name of the Application Insights component.')
output insightsName string = insights.name
