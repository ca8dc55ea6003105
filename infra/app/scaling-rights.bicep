metadata description = 'What Azure documents for scaling flexible scale sets beyond the scale sets themselves: machines, and what they are put together from.'

@description('Object id of the Function App\'s identity.')
param principalId string

@description('Resource id of the role on machines.')
param machinesRoleId string

@description('Resource id of the role on what machines are put together from.')
param partsRoleId string

@description('Name of the virtual network.')
param networkName string

@description('Name of the nodes\' subnet.')
param subnetName string

@description('Name of the nodes\' network security group.')
param securityGroupName string

@description('Name of the nodes\' identity, the only one that the application may give to a machine.')
param nodeIdentityName string

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: networkName
}

resource subnet 'Microsoft.Network/virtualNetworks/subnets@2025-01-01' existing = {
  parent: network
  name: subnetName
}

resource securityGroup 'Microsoft.Network/networkSecurityGroups@2025-01-01' existing = {
  name: securityGroupName
}

resource nodeIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: nodeIdentityName
}

resource machines 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, principalId, machinesRoleId)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: machinesRoleId
  }
}

resource joiningSubnet 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subnet.id, principalId, partsRoleId)
  scope: subnet
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: partsRoleId
  }
}

resource joiningSecurityGroup 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(securityGroup.id, principalId, partsRoleId)
  scope: securityGroup
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: partsRoleId
  }
}

resource assigningIdentity 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(nodeIdentity.id, principalId, partsRoleId)
  scope: nodeIdentity
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: partsRoleId
  }
}
