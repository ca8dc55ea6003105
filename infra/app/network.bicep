metadata description = 'The virtual network: nodes, the Function App\'s way in, private endpoints. Nothing reaches a node from outside.'

import { Tags, Token } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Hash that makes names unique.')
param token Token

@description('Whether nodes leave through a NAT gateway with one steady address.')
param natGateway bool

@description('Addresses of the network.')
param addressPrefix string = '10.40.0.0/16'

@description('Addresses of the nodes.')
param nodesPrefix string = '10.40.0.0/20'

@description('Addresses of the Function App; Flex Consumption asks for a /27 at least.')
param appPrefix string = '10.40.16.0/24'

@description('Addresses of the private endpoints.')
param endpointsPrefix string = '10.40.17.0/24'

resource nodeRules 'Microsoft.Network/networkSecurityGroups@2025-01-01' = {
  name: 'nsg-nodes-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nothing-in'
        properties: {
          access: 'Deny'
          direction: 'Inbound'
          priority: 100
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource otherRules 'Microsoft.Network/networkSecurityGroups@2025-01-01' = {
  name: 'nsg-other-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nothing-from-the-internet'
        properties: {
          access: 'Deny'
          direction: 'Inbound'
          priority: 100
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource steadyAddress 'Microsoft.Network/publicIPAddresses@2025-01-01' = if (natGateway) {
  name: 'pip-nat-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
    publicIPAddressVersion: 'IPv4'
  }
}

resource gateway 'Microsoft.Network/natGateways@2025-01-01' = if (natGateway) {
  name: 'ng-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    idleTimeoutInMinutes: 4
    publicIpAddresses: [
      {
        id: steadyAddress.id
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: 'vnet-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'nodes'
        properties: {
          addressPrefix: nodesPrefix
          defaultOutboundAccess: false
          networkSecurityGroup: {
            id: nodeRules.id
          }
          natGateway: natGateway ? { id: gateway.id } : null
          serviceEndpoints: [
            {
              service: 'Microsoft.Storage'
            }
          ]
        }
      }
      {
        name: 'app'
        properties: {
          addressPrefix: appPrefix
          natGateway: natGateway ? { id: gateway.id } : null
          networkSecurityGroup: {
            id: otherRules.id
          }
          delegations: [
            {
              name: 'flex-consumption'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointsPrefix
          privateEndpointNetworkPolicies: 'Enabled'
          networkSecurityGroup: {
            id: otherRules.id
          }
        }
      }
    ]
  }
}

@description('Resource id of the network.')
output networkId string = network.id

@description('Name of the network.')
output networkName string = network.name

@description('Name of the security group of the nodes.')
output nodesSecurityGroupName string = nodeRules.name

@description('Resource id of the subnet of the nodes.')
output nodesSubnetId string = '${network.id}/subnets/nodes'

@description('Resource id of the subnet that the Function App reaches out through.')
output appSubnetId string = '${network.id}/subnets/app'

@description('Resource id of the subnet of the private endpoints.')
output endpointsSubnetId string = '${network.id}/subnets/endpoints'
