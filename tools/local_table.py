"""Makes the table of infra/data.yaml on the DynamoDB Local of docker-compose.yml: `make local-table`."""

from __future__ import annotations

from vestibule.adapters.dynamodb_boto import boto_call
from vestibule.adapters.dynamodb_table import create_table_from_template

if __name__ == "__main__":
    create_table_from_template(boto_call(region="eu-central-1", endpoint="http://127.0.0.1:8000"), "vestibule")
    print("The table `vestibule` is there.")
