"""An example workflow for continuous integration."""

from __future__ import annotations

from django_k8s.adopt.facts import Facts

_TEXT = """\
# An example for GitHub Actions: build, check, push and deploy, and an environment for each pull request.
# Copy it to .github/workflows/deploy.yaml, and set these:
#
#     variable REGISTRY       where images go, such as ghcr.io/acme/{name}
#     secret KUBECONFIG       access to the cluster
#     a Secret {name}-env in the namespace {name}, with the keys of deploy/secret.env.example
name: deploy
on:
  push: {{branches: [main]}}
  pull_request: {{types: [opened, synchronize, reopened, closed]}}
permissions: {{contents: read, packages: write, pull-requests: write}}
concurrency: {{group: "deploy-${{{{ github.ref }}}}"}}
env:
  IMAGE: ${{{{ vars.REGISTRY }}}}:${{{{ github.sha }}}}

jobs:
  image:
    if: github.event.action != 'closed'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-buildx-action@v3
      - uses: docker/login-action@v3
        with: {{registry: ghcr.io, username: "${{{{ github.actor }}}}", password: "${{{{ github.token }}}}"}}
      - run: docker buildx build -f deploy/Dockerfile --build-arg RELEASE="$GITHUB_SHA" -t "$IMAGE" --load .
      # What production would refuse: settings, hosts, migrations that are missing.
      - run: docker run --rm --env-file deploy/build.env -e BUILD_PHASE=1 "$IMAGE" manage makemigrations --check --dry-run
      - run: docker push "$IMAGE"

  production:
    if: github.event_name == 'push'
    needs: image
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v4
      - run: echo "${{{{ secrets.KUBECONFIG }}}}" >"$RUNNER_TEMP/kubeconfig" && echo "KUBECONFIG=$RUNNER_TEMP/kubeconfig" >>"$GITHUB_ENV"
      - run: pipx install django-k8s-toolkit=={version} && django-k8s copy chart chart
      - run: >-
          helm upgrade --install {name} chart -n {name} --create-namespace --wait --wait-for-jobs
          -f chart/values-production.yaml -f deploy/values.yaml -f deploy/values-production.yaml --set-string image="$IMAGE"

  preview:
    if: github.event_name == 'pull_request' && github.event.action != 'closed'
    needs: image
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo "${{{{ secrets.KUBECONFIG }}}}" >"$RUNNER_TEMP/kubeconfig" && echo "KUBECONFIG=$RUNNER_TEMP/kubeconfig" >>"$GITHUB_ENV"
      - run: pipx install django-k8s-toolkit=={version}
      - run: django-k8s up "pr-${{{{ github.event.number }}}}" --yes --expires 7d --registry "${{{{ vars.REGISTRY }}}}"

  preview-down:
    if: github.event_name == 'pull_request' && github.event.action == 'closed'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo "${{{{ secrets.KUBECONFIG }}}}" >"$RUNNER_TEMP/kubeconfig" && echo "KUBECONFIG=$RUNNER_TEMP/kubeconfig" >>"$GITHUB_ENV"
      - run: pipx install django-k8s-toolkit=={version}
      - run: django-k8s down "pr-${{{{ github.event.number }}}}" --yes
"""


def workflow(facts: Facts, name: str, version: str) -> str:
    """Return the text of deploy/github-actions.yaml."""
    return _TEXT.format(name=name, version=version)
