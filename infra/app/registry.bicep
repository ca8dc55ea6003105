metadata description = 'Container registry of the scorer image.'

import { Tags, Token } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Hash that makes names unique.')
param token Token

@description('Object id of the identity that pulls images.')
param pullPrincipalId string

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: 'cr${token}'
  location: location
  tags: tags
  sku: {
    name: 'Basic'
  }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    roleAssignmentMode: 'LegacyRegistryPermissions' // AcrPull counts for nothing in the other mode
  }
}

resource pulling 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, pullPrincipalId, acrPull)
  scope: registry
  properties: {
    principalId: pullPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
  }
}

@description('The registry\'s name.')
output name string = registry.name

@description('The registry\'s host name.')
output server string = registry.properties.loginServer
