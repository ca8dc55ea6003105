metadata description = 'The scale set of one compute, with no instance: the application adds and removes them.'

import { ComputeName, Tags } from '../types.bicep'

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Name of the compute.')
param computeName ComputeName

@description('Name of the scale set.')
@maxLength(55) // a machine is named after it, with nine characters more
param scaleSetName string

@description('Size of a node, such as Standard_D4s_v5; one of generation 2.')
param vmSize string

@description('Whether nodes are spot machines, which cost less and which Azure may take back.')
param spot bool

@description('Whether nodes have NVIDIA GPUs, which scoring containers are to have.')
param gpu bool

@description('Whether nodes start nothing that is not signed; some drivers need it off.')
param secureBoot bool

@description('Version of the system\'s image.')
param imageVersion string

@description('Name of the administrator, whom nothing lets in from outside.')
param adminUsername string = 'batchadmin'

@description('Instances that the scale set has now: a deployment neither adds nor removes any.')
@minValue(0)
param capacity int

@description('SSH public key of the administrator; a deployment without one is refused here.')
@minLength(1)
param sshPublicKey string

@description('Resource id of the subnet.')
param subnetId string

@description('Whether each node has an address of its own to reach the internet with; nothing may come in.')
param publicIp bool

@description('Resource id of the nodes\' identity.')
param identityId string

@description('Client id of the nodes\' identity.')
param identityClientId string

@description('Name of the storage account.')
param storageName string

@description('Name of the Application Insights component.')
param insightsName string

@description('Host name of the registry of the scorer image.')
param registryServer string

@description('Tag of the scorer image.')
param imageTag string

@description('Object id of the identity that scales.')
param scalerPrincipalId string

@description('Resource id of the role of the identity that scales.')
param scalerRoleId string

@description('Size of a node\'s disk in GB: system, image, environments, models and inputs.')
@minValue(64)
@maxValue(4095)
param diskSizeGB int = 128

@description('Port, on the node itself only, where the health extension asks.')
param healthPort int = 8081

var nodeSettings = {
  image: '${registryServer}/scorer:${imageTag}'
  clientId: identityClientId
  healthPort: healthPort
  devices: gpu ? ['nvidia.com/gpu=all'] : []
  environment: {
    AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
    AzureWebJobsStorage__clientId: identityClientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    BATCH_COMPUTE: toLower(computeName)
  }
}
var withProgram = replace(loadTextContent('../node/cloud-init.yaml'), '{program}', loadFileAsBase64('../node/batch_node.py'))
var withRegistry = replace(withProgram, '{registry}', loadFileAsBase64('../../scorer_container/agent/registry.py'))
var cloudInit = replace(withRegistry, '{gpu}', gpu ? loadFileAsBase64('../node/gpu.sh') : '')

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource scaleSet 'Microsoft.Compute/virtualMachineScaleSets@2025-04-01' = {
  name: scaleSetName
  location: location
  tags: union(tags, { compute: computeName })
  sku: {
    name: vmSize
    capacity: capacity
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    orchestrationMode: 'Flexible'
    platformFaultDomainCount: 1
    singlePlacementGroup: false
    virtualMachineProfile: {
      priority: spot ? 'Spot' : 'Regular'
      evictionPolicy: spot ? 'Delete' : null
      billingProfile: spot ? { maxPrice: -1 } : null
      osProfile: {
        computerNamePrefix: 'node'
        adminUsername: adminUsername
        customData: base64(replace(cloudInit, '{settings}', base64(string(nodeSettings))))
        linuxConfiguration: {
          disablePasswordAuthentication: true
          provisionVMAgent: true
          ssh: {
            publicKeys: [
              {
                path: '/home/${adminUsername}/.ssh/authorized_keys'
                keyData: sshPublicKey
              }
            ]
          }
        }
      }
      storageProfile: {
        imageReference: {
          publisher: 'Canonical'
          offer: 'ubuntu-24_04-lts'
          sku: 'server'
          version: imageVersion
        }
        osDisk: {
          createOption: 'FromImage'
          caching: 'ReadWrite'
          deleteOption: 'Delete'
          diskSizeGB: diskSizeGB
          managedDisk: {
            storageAccountType: 'Premium_LRS'
          }
        }
      }
      securityProfile: {
        securityType: 'TrustedLaunch'
        uefiSettings: {
          secureBootEnabled: secureBoot
          vTpmEnabled: true
        }
      }
      diagnosticsProfile: {
        bootDiagnostics: {
          enabled: true
        }
      }
      networkProfile: {
        networkApiVersion: '2020-11-01'
        networkInterfaceConfigurations: [
          {
            name: 'nic'
            properties: {
              primary: true
              deleteOption: 'Delete'
              ipConfigurations: [
                {
                  name: 'ip'
                  properties: {
                    primary: true
                    subnet: {
                      id: subnetId
                    }
                    publicIPAddressConfiguration: publicIp ? {
                      name: 'outbound'
                      sku: {
                        name: 'Standard'
                        tier: 'Regional'
                      }
                      properties: {
                        deleteOption: 'Delete'
                        idleTimeoutInMinutes: 4
                      }
                    } : null
                  }
                }
              ]
            }
          }
        ]
      }
      extensionProfile: {
        extensions: [
          {
            name: 'health'
            properties: {
              publisher: 'Microsoft.ManagedServices'
              type: 'ApplicationHealthLinux'
              typeHandlerVersion: '1.0'
              autoUpgradeMinorVersion: true
              settings: {
                protocol: 'http'
                port: healthPort
                requestPath: '/health'
              }
            }
          }
        ]
      }
      // Spot machines cannot have it: they are told 30 seconds before their eviction without asking.
      scheduledEventsProfile: spot ? null : {
        terminateNotificationProfile: {
          enable: true
          notBeforeTimeout: 'PT5M'
        }
      }
    }
  }
}

resource scaling 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(scaleSet.id, scalerPrincipalId, scalerRoleId)
  scope: scaleSet
  properties: {
    principalId: scalerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: scalerRoleId
  }
}
