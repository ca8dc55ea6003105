"""The command blocks of Azure ML's page of May 2021, in its order, and how they read here."""

SEED_COMMANDS = """
az ml compute create --name cpu-cluster --type AmlCompute --min-instances 0 --max-instances 5
az ml endpoint create --type batch --file cli/endpoints/batch/create-batch-endpoint.yml
az ml endpoint show --name mybatchedp --type batch
az ml endpoint invoke --name mybatchedp --type batch --input-data azureml:<dataName>:<dataVersion>
az ml endpoint invoke --name mybatchedp --type batch --input-datastore azureml:<datastoreName> \
--input-path <relativePath>
az ml endpoint invoke --name mybatchedp --type batch --input-path <public>/nytaxi/taxi-tip-data.csv
az ml endpoint invoke --name mybatchedp --type batch --input-local-path <localPath>
az ml endpoint invoke --name mybatchedp --type batch --input-path <public>/nytaxi/taxi-tip-data.csv \
--output-datastore azureml:workspaceblobstore --output-path mypath --set output_file_name=mypredictions.csv
az ml endpoint invoke --name mybatchedp --type batch --input-path <public>/nytaxi/taxi-tip-data.csv \
--set retry_settings.max_retries=1
job_name=$(az ml endpoint invoke --name mybatchedp --type batch --input-path <public>/nytaxi/taxi-tip-data.csv \
--query name -o tsv)
az ml job show --name $job_name
az ml job stream --name $job_name
az ml endpoint update --name mybatchedp --type batch --deployment-file cli/endpoints/batch/add-deployment.yml
az ml endpoint show --name mybatchedp --type batch
az ml endpoint update --name mybatchedp --type batch --traffic mnist-deployment:100
az ml endpoint show --name mybatchedp --type batch
az ml endpoint invoke --name mybatchedp --type batch --input-path <public>/mnist --mini-batch-size 10 --instance-count 2
scoring_uri=$(az ml endpoint show --name mybatchedp --type batch --query scoring_uri -o tsv)
auth_token=$(az account get-access-token --query accessToken -o tsv)
curl --location --request POST "$scoring_uri" --header "Authorization: Bearer $auth_token" \
--header 'Content-Type: application/json' --data-raw '{
"properties": {
  "dataset": {
    "dataInputType": "DataUrl",
    "Path": "'<public>'/mnist"
    }
  }
}'
"""

_HERE = {
    "az ml ": "bml ",
    "az account ": "bml account ",
    "cli/endpoints/batch/create-batch-endpoint.yml": "examples/nyc-taxi/create-batch-endpoint.yml",
    "cli/endpoints/batch/add-deployment.yml": "examples/mnist-script/add-deployment.yml",
    "<dataName>:<dataVersion>": "taxi-trips:1",
    "<datastoreName>": "workspaceblobstore",
    "<relativePath>": "${path#*/paths/}",
    "<public>": "$sampledata",
    "<localPath>": "examples/nyc-taxi/data/taxi-tip-data.csv",
}


def commands_here() -> list[str]:
    """The page's commands with `bml` for `az ml`, our files, and the local service's public container."""
    text = SEED_COMMANDS.strip()
    for there, here in _HERE.items():
        text = text.replace(there, here)
    lines = text.split("\n")
    curl = next(number for number, line in enumerate(lines) if line.startswith("curl"))
    return [*lines[:curl], "\n".join(lines[curl:])]
