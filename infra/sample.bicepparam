// A sample: `az deployment sub create --location westeurope --parameters infra/sample.bicepparam`. deploy.sh and azd do
// the same with variables.
using 'main.bicep'

param environmentName = 'prod'
param location = 'westeurope'
param ownerPrincipalId = '00000000-0000-0000-0000-000000000002'
param sshPublicKey = readEnvironmentVariable('BATCH_SSH_PUBLIC_KEY', 'ssh-ed25519 AAAA')
param computes = [
  { name: 'cpu-cluster', vmSize: 'Standard_D4s_v5', spot: false }
  { name: 'gpu', vmSize: 'Standard_NC4as_T4_v3', spot: true, gpu: true }
]
