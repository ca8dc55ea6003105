metadata description = 'How many instances a scale set has now, so that a deployment changes nothing about them.'

@description('Name of the scale set, which may not be there yet.')
param scaleSetName string

@nullIfNotFound()
resource present 'Microsoft.Compute/virtualMachineScaleSets@2025-04-01' existing = {
  name: scaleSetName
}

@description('Instances that the scale set has; none when it is not there yet.')
output capacity int = present.?sku.?capacity ?? 0
