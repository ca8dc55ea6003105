metadata description = 'The workbook of an installation: jobs, throughput, queues and nodes, failures, one job\'s trace, node hours.'

import { Tags } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Name of the Application Insights component.')
param insightsName string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Batch endpoints'
    category: 'workbook'
    sourceId: insights.id
    serializedData: replace(loadTextContent('../workbooks/batch-endpoints.json'), '{insightsId}', insights.id)
    version: 'Notebook/1.0'
  }
}
