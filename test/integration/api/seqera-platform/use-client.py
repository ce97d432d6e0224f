"""Uses a client that openapi-python-client generated from independent-description.json, and prints what it returned.

Standard input: {"url": ..., "value": ...}. Standard output: a list of {"call", "status", "body"}. The client raises an error for
a status that its description does not have, and for a body that does not match.
"""

import json
import sys

from platform_client.api.default import (
    create_pipeline_secret,
    delete_pipeline_secret,
    describe_pipeline_secret,
    info,
    list_pipeline_secrets,
    list_workspaces_user,
    update_pipeline_secret,
    user_info,
    validate_pipeline_secret_name,
)
from platform_client.client import AuthenticatedClient
from platform_client.models import CreatePipelineSecretRequest, UpdatePipelineSecretRequest

given = json.load(sys.stdin)
client = AuthenticatedClient(base_url=given["url"], token="no-token", raise_on_unexpected_status=True)
results = []


def unknown_properties(model):
    """Returns the properties of a model that its description does not have."""
    found = list(getattr(model, "additional_properties", {}))
    for value in getattr(model, "__dict__", {}).values():
        for one in value if isinstance(value, list) else [value]:
            found += unknown_properties(one)
    return found


def call(operation, *args, **options):
    response = operation.sync_detailed(*args, client=client, **options)
    parsed = response.parsed
    results.append(
        {
            "call": operation.__name__.rsplit(".", 1)[-1],
            "status": int(response.status_code),
            "body": None if parsed is None else parsed.to_dict(),
            "type": type(parsed).__name__,
            "unknown": unknown_properties(parsed),
            "length": len(response.content),
        }
    )
    return parsed


def create(name, **options):
    body = CreatePipelineSecretRequest(name=name, value=given["value"])
    return call(create_pipeline_secret, body=body, **options)


def update(secret_id, **options):
    body = UpdatePipelineSecretRequest(value=given["value"] + "2")
    return call(update_pipeline_secret, secret_id, body=body, **options)


call(info)
user = call(user_info).user
workspace = call(list_workspaces_user, user.id).orgs_and_workspaces[0]
call(list_workspaces_user, 1)
for scope in ({}, {"workspace_id": workspace.workspace_id}):
    secret_id = create("FOO_KEY", **scope).secret_id
    create("FOO_KEY", **scope)
    create("FOO__KEY", **scope)
    call(list_pipeline_secrets, **scope)
    call(describe_pipeline_secret, secret_id, **scope)
    for name in ("BAR_KEY", "FOO_KEY", "1KEY"):
        call(validate_pipeline_secret_name, name=name, **scope)
    update(secret_id, **scope)
    call(delete_pipeline_secret, secret_id, **scope)
    call(describe_pipeline_secret, secret_id, **scope)
    update(secret_id, **scope)
    call(delete_pipeline_secret, secret_id, **scope)
call(list_pipeline_secrets, workspace_id=2**63 - 1)
json.dump(results, sys.stdout)
