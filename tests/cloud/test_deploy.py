"""`zappa deploy`, `status`, `update` and `undeploy` against an emulated AWS, and what the zip holds."""

from __future__ import annotations

import importlib.util
import json
import re
import struct
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_es.demo.cloud.aws_endpoints import AwsEndpoints, running_aws
from access_es.demo.cloud.deploy import Deployment, Package, prepare_deployment
from access_es.demo.cloud.rest_integrations import Publication, publications
from access_es.demo.processes import CLEAN_ENVIRONMENT
from access_es.front_doors import STREAM_VARIABLE, idle_seconds
from tests.cloud.package import CACHE, CREDENTIAL

pytestmark = [pytest.mark.cloud, pytest.mark.heavy]
SECRETS = (
    "tests/secret.txt", ".venv/secret.txt", ".access-es/users.db", "docs/secret.md", ".env", "bench/secret.py",
    "config.json", "ours/deep/notes.txt", "ours/secret.py", "access_es.pem",
)  # fmt: skip


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEndpoints]:
    with running_aws(tmp_path_factory.mktemp("aws"), CREDENTIAL, 1, "us-east-1") as running:
        yield running


printed: list[str] = []  # by the deployment


@pytest.fixture(scope="module")
def deployed(aws: AwsEndpoints, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """From a clone in which people have worked: with an environment, users, secrets and notes of their own."""
    variables = {
        "ES_ENDPOINT": "https://search-a-b.us-east-1.es.amazonaws.com", "SESSION_SECRET": "s" * 40, "STREAMING": "true",
    }  # fmt: skip
    deployment = prepare_deployment(tmp_path_factory.mktemp("clone"), aws, CACHE, print, variables=variables)
    for name in SECRETS:
        (deployment.project / name).parent.mkdir(parents=True, exist_ok=True)
        (deployment.project / name).write_text("not to be packed")
    printed.append(deployment.deploy())
    return deployment


def test_the_function_is_there_as_the_settings_say(deployed: Deployment, aws: AwsEndpoints) -> None:
    function = aws.client("lambda").get_function_configuration(FunctionName=deployed.function_name)
    assert function["Handler"] == "access_es.lambda_handler.lambda_handler"
    assert re.fullmatch(r"python3\.\d+", function["Runtime"]) and function["State"] == "Active"


def test_the_deployment_ends_with_all_that_the_readme_needs(deployed: Deployment, aws: AwsEndpoints) -> None:
    """The address to open, the command for the first user, and a verdict; and that command gives a whole link."""
    (api,) = aws.client("apigateway").get_rest_apis()["items"]
    address = f"https://{api['id']}.execute-api.us-east-1.amazonaws.com/dev/"
    assert f"Open        {address}\n" in printed[0]
    assert "-m access_es --stage dev users add NAME --invite\n" in printed[0] and "\nDoctor      " in printed[0]
    added = access_es(deployed, "users", "add", "alice", "--invite")
    assert added.returncode == 0 and added.stdout.startswith(f"{address}--access-es/invite/"), added.stderr


def test_the_api_explains_its_own_refusals(deployed: Deployment, aws: AwsEndpoints) -> None:
    (api,) = aws.client("apigateway").get_rest_apis()["items"]
    said = aws.client("apigateway").get_gateway_response(restApiId=api["id"], responseType="THROTTLED")
    assert "gateway_throttled" in said["responseTemplates"]["application/json"]
    assert f"{api['id']}.execute-api" in said["responseTemplates"]["text/html"]


def test_its_role_may_do_what_the_settings_need_on_nothing_but_that(deployed: Deployment, aws: AwsEndpoints) -> None:
    role = f"{deployed.function_name}-ZappaLambdaExecutionRole"
    assert aws.client("iam").list_role_policies(RoleName=role)["PolicyNames"] == ["zappa-permissions"]
    policy = aws.client("iam").get_role_policy(RoleName=role, PolicyName="zappa-permissions")["PolicyDocument"]
    assert {"AskDomain", "KnowUsers", "TrackTasks", "Log"} <= {statement["Sid"] for statement in policy["Statement"]}
    assert not [one for statement in policy["Statement"] for one in statement["Resource"] if one == "*"]


def test_zappa_alone_made_all_that_is_needed(deployed: Deployment) -> None:
    planned = access_es(deployed, "provision", "--plan")
    assert (planned.returncode, planned.stdout) == (0, "Nothing to do.\n"), planned.stdout + planned.stderr


def access_es(deployed: Deployment, *words: str) -> subprocess.CompletedProcess[str]:
    """Our own command, as a person types it where the project was deployed from."""
    return subprocess.run(
        [str(deployed.venv.python), "-m", "access_es", "--stage", deployed.stage, *words],
        cwd=deployed.project, env={**CLEAN_ENVIRONMENT, **deployed.aws.environment}, capture_output=True, text=True,
    )  # fmt: skip


def published(deployed: Deployment, aws: AwsEndpoints) -> list[Publication]:
    (api,) = [
        each["id"]
        for each in aws.client("apigateway").get_rest_apis()["items"]
        if each["name"] == deployed.function_name
    ]
    return publications(aws.url, api, deployed.stage)


def test_what_is_published_and_what_the_stage_says_always_agree(deployed: Deployment, aws: AwsEndpoints) -> None:
    """Zappa publishes the API first, provisioning then switches it: the function never answers in the wrong form."""
    done = published(deployed, aws)
    assert done[-1] == (True, {STREAM_VARIABLE: "300"})
    assert all(streams == (idle_seconds(variables) > 0) for streams, variables in done)


def test_status_update_and_undeploy(deployed: Deployment, aws: AwsEndpoints) -> None:
    status = deployed.zappa("status")
    assert status.returncode == 0 and "API Gateway URL:      https://" in status.stdout, status.stdout + status.stderr
    for _ in range(2):
        updated = deployed.zappa("update")
        assert updated.returncode == 0 and "is live" in updated.stdout, updated.stdout + updated.stderr
    test_what_is_published_and_what_the_stage_says_always_agree(deployed, aws)
    gone = deployed.zappa("undeploy", "-y")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert {"access-es-dev-users", "access-es-dev-tasks"} <= set(aws.client("dynamodb").list_tables()["TableNames"])
    deployed.deploy()


@pytest.fixture(scope="module")
def unpacked(deployed: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return deployed.download(tmp_path_factory.mktemp("unpacked"))


def test_the_zip_is_at_most_14_megabytes(unpacked: Package) -> None:
    assert unpacked.zip_bytes <= 14_000_000


def test_the_zip_holds_what_runs_and_nothing_that_people_keep(unpacked: Package) -> None:
    with zipfile.ZipFile(unpacked.code.parent / "package.zip") as packed:
        names = packed.namelist()
        assert not [name for name in names if b"not to be packed" in packed.read(name)]
    wrong = re.compile(
        r"^(tests|bench|docs)/|(^|/)(demo|gevent|greenlet|gunicorn|pytest|moto|troposphere|setuptools|pip|yaml|charset_normalizer|"
        r"awslambdaric|\.[^/]+)(/|$)"
    )
    assert not [name for name in names if wrong.search(name)]
    services = {name.split("/")[2] for name in names if re.match("botocore/data/[^/]+/", name)}
    assert services == {"dynamodb", "lambda", "s3", "sns", "ssm", "sts"}  # what runs may ask for
    ours = {name.split("/")[1] for name in names if name.startswith("access_es/")}
    assert {"app.py", "lambda_handler.py", "templates", "static"} <= ours
    assert not ours & {"demo", "server"}


def test_all_bytecode_is_valid_whatever_the_time_of_its_source(unpacked: Package) -> None:
    """PEP 552: the second word of the header says that the hash counts and is not checked, the third is that hash."""
    made_by_zappa = {unpacked.code / name for name in ("zappa_settings.py", "handler.py")}
    sources = [file for file in unpacked.code.rglob("*.py") if file not in made_by_zappa]
    stale = [file for file in sources if file.stat().st_size and not is_valid(file)]
    assert len(sources) > 200
    assert not stale


def is_valid(source: Path) -> bool:
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if not compiled.exists():
        return False
    magic, flags, digest = struct.unpack("<4sI8s", compiled.read_bytes()[:16])
    return (magic, flags, digest) == (
        importlib.util.MAGIC_NUMBER,
        0b01,
        importlib.util.source_hash(source.read_bytes()),
    )


def test_the_settings_reach_the_package(unpacked: Package) -> None:
    settings = (unpacked.code / "zappa_settings.py").read_text()
    assert "search-a-b.us-east-1.es.amazonaws.com" in settings and "LOG_LEVEL='INFO'" in settings.replace(" ", "")
    assert json.dumps(sorted(unpacked.environment)) is not None
