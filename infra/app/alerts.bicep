metadata description = 'Alert rules on what application and nodes tell Application Insights. docs/operate.md says what to do at each.'

import { Tags, Token } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Hash that makes names unique.')
param token Token

@description('Name of the Application Insights component.')
param insightsName string

@description('Whom to send alerts by e-mail; empty for nobody.')
param email string

@description('Address that alerts are posted to; empty for none.')
@secure()
param webhook string

@description('Failed jobs of one deployment within an hour that are too many.')
@minValue(1)
param failedJobs int = 5

@description('Per cent of the jobs of one deployment within six hours whose failure is too much.')
@minValue(1)
@maxValue(100)
param failedPercentage int = 50

@description('Nodes of one compute lost within an hour that are too many; a spot compute loses some on quiet days.')
@minValue(1)
param lostNodes int = 5

@description('Exceptions of one type, failed runs of one function, or failed requests of one kind within a quarter of an hour that are too many.')
@minValue(1)
param failures int = 5

// Severity: 1 error (nothing works), 2 warning (somebody should look today), 3 information.
var rules = [
  {
    name: 'jobs-failed'
    title: 'Jobs fail'
    severity: 2
    query: loadTextContent('../alerts/jobs-failed.kql')
    measure: 'failed'
    splitBy: ['endpoint', 'deployment']
    atLeast: failedJobs
    window: 'PT1H'
    frequency: 'PT15M'
  }
  {
    name: 'job-failure-rate'
    title: 'Most jobs of a deployment fail'
    severity: 2
    query: loadTextContent('../alerts/job-failure-rate.kql')
    measure: 'percentage'
    splitBy: ['endpoint', 'deployment']
    atLeast: failedPercentage
    window: 'PT6H'
    frequency: 'PT15M'
  }
  {
    name: 'poison-messages'
    title: 'A message was put aside'
    severity: 2
    query: loadTextContent('../alerts/poison-messages.kql')
    measure: 'messages'
    splitBy: ['queue']
    atLeast: 1
    window: 'PT30M'
    frequency: 'PT15M'
  }
  {
    name: 'no-node'
    title: 'Tasks wait and no node comes'
    severity: 1
    query: loadTextContent('../alerts/no-node.kql')
    measure: 'tasks'
    splitBy: ['compute']
    atLeast: 1
    window: 'PT15M'
    frequency: 'PT5M'
  }
  {
    name: 'no-progress'
    title: 'Tasks wait and none is completed'
    severity: 2
    query: loadTextContent('../alerts/no-progress.kql')
    measure: 'waiting'
    splitBy: ['compute', 'endpoint', 'deployment']
    atLeast: 1
    window: 'PT1H'
    frequency: 'PT15M'
  }
  {
    name: 'nodes-lost'
    title: 'Nodes are lost'
    severity: 3
    query: loadTextContent('../alerts/nodes-lost.kql')
    measure: 'lost'
    splitBy: ['compute']
    atLeast: lostNodes
    window: 'PT1H'
    frequency: 'PT15M'
  }
  {
    name: 'app-exceptions'
    title: 'The application raises exceptions'
    severity: 3
    query: loadTextContent('../alerts/app-exceptions.kql')
    measure: 'occurrences'
    splitBy: ['type']
    atLeast: failures
    window: 'PT15M'
    frequency: 'PT15M'
  }
  {
    name: 'failed-invocations'
    title: 'Functions or orchestrations fail'
    severity: 2
    query: loadTextContent('../alerts/failed-invocations.kql')
    measure: 'failures'
    splitBy: ['name']
    atLeast: failures
    window: 'PT15M'
    frequency: 'PT15M'
  }
  {
    name: 'http-errors'
    title: 'The API answers with errors'
    severity: 1
    query: loadTextContent('../alerts/http-errors.kql')
    measure: 'errors'
    splitBy: ['name']
    atLeast: failures
    window: 'PT15M'
    frequency: 'PT5M'
  }
  {
    name: 'app-silent'
    title: 'The application does not run'
    severity: 1
    query: loadTextContent('../alerts/app-silent.kql')
    measure: 'silent'
    splitBy: []
    atLeast: 1
    window: 'PT15M'
    frequency: 'PT5M'
  }
]
var isReceived = !empty(email) || !empty(webhook)

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource receivers 'Microsoft.Insights/actionGroups@2023-01-01' = if (isReceived) {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'batch'
    emailReceivers: empty(email) ? [] : [
      {
        name: 'e-mail'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
    webhookReceivers: empty(webhook) ? [] : [
      {
        name: 'webhook'
        serviceUri: webhook
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rule 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [for one in rules: {
  name: 'alert-${one.name}-${token}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Batch endpoints: ${one.title}'
    description: 'What it means and what to do: docs/operate.md, alert ${one.name}.'
    severity: one.severity
    enabled: true
    scopes: [
      insights.id
    ]
    targetResourceTypes: [
      'microsoft.insights/components'
    ]
    evaluationFrequency: one.frequency
    windowSize: one.window
    autoMitigate: true
    skipQueryValidation: true // a new component may not know its tables yet, and the deployment would fail
    criteria: {
      allOf: [
        {
          query: one.query
          metricMeasureColumn: one.measure
          timeAggregation: 'Total'
          dimensions: [for column in one.splitBy: {
            name: column
            operator: 'Include'
            values: [
              '*'
            ]
          }]
          operator: 'GreaterThanOrEqual'
          threshold: one.atLeast
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: isReceived ? [
        receivers.id
      ] : []
    }
  }
}]
