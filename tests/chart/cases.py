"""The sets of values that the chart is rendered with."""

from __future__ import annotations

from typing import Any

from support.chart import merged, preset

IMAGE = {"image": "registry.example.com:5000/team/shop:1.4.2"}
SEED = {"staging": {"secretSeed": "8d0c3f6b715e92a4f4a7d16c09be5823"}}
HOSTS = {"hosts": ["shop.example.com", "www.shop.example.com"], "trustedProxies": ["10.0.0.0/8"]}

JOBS = {
    "cronJobs": {"clear": {"schedule": "0 3 * * *", "args": ["manage", "clearsessions"]}},
    "jobs": {
        "load": {"args": ["manage", "loaddata", "demo"], "once": True},
        "index": {"args": ["manage", "update_index"]},
    },
}
WORKERS = {
    "workers": {
        "default": None,
        "mail": {
            "queues": ["mail", "news"],
            "concurrency": 4,
            "replicas": 3,
            "graceSeconds": 300,
            "pod": {"nodeSelector": {"cheap": "yes"}, "tolerations": [{"key": "cheap"}]},
        },
        "slow": {
            "autoscaling": {
                "minReplicas": 1,
                "maxReplicas": 5,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "averageUtilization": 70},
                        },
                    }
                ],
            }
        },
        "counted": {
            "queues": ["bulk", "mail"],
            "keda": {"maxReplicas": 5, "behavior": {"scaleDown": {"policies": []}}},
        },
        "scaled": {"keda": {"maxReplicas": 5, "triggers": [{"type": "cpu", "metadata": {"value": "70"}}]}},
    }
}
DAEMONS = {
    "daemons": {
        "alerts": {"command": ["sendalerts"], "heartbeat": True, "replicas": 2},
        "smtp": {"command": ["smtpd", "--port", "2525"], "port": 2525, "from": [{"namespaceSelector": {}}]},
        "bot": {"command": ["python", "-m", "shop.bot"], "strategy": "Recreate", "replicas": 1},
        "slow": {"command": ["work"], "autoscaling": WORKERS["workers"]["slow"]["autoscaling"]},
        "rq": {
            "command": ["rqworker", "default"],
            "keda": {"triggers": [{"type": "redis", "metadata": {"listName": "rq:queue:default"}}]},
        },
        "off": {"command": ["never"], "enabled": False},
    }
}
FILES = {
    "files": {
        "/etc/newrelic/newrelic.ini": "[newrelic]\napp_name = shop\n",
        "/etc/shop/limits.json": {"configMap": "limits", "key": "limits.json"},
        "/etc/shop/ca.pem": {"secret": "authority", "key": "ca.pem"},
    },
    "env": {
        "NEW_RELIC_CONFIG_FILE": "/etc/newrelic/newrelic.ini",
        "WEB_THREADS": 16,
        "BIG": 10000000,
        "NODE": {"valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    },
}
METRICS = {
    "metrics": {
        "enabled": True,
        "lingerSeconds": 16,
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "rules": {"enabled": True},
        "dashboard": {"enabled": True},
    }
}
EVERYTHING = merged(
    IMAGE,
    METRICS,
    HOSTS,
    JOBS,
    WORKERS,
    DAEMONS,
    FILES,
    {
        "imagePullSecrets": ["registry"],
        "restartToken": "1",
        "releaseToken": "1",
        "ingress": {
            "enabled": True,
            "preset": "cert-manager",
            "certManager": {"clusterIssuer": "letsencrypt"},
        },
        "gateway": {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}]},
        "externalDNS": {"enabled": True, "ttl": 60},
        "networkPolicy": {
            "enabled": True,
            "from": [{"namespaceSelector": {}}],
            "metricsFrom": [{"namespaceSelector": {}}],
        },
        "stores": {"postgresHost": "db.example.com", "redisHost": "redis.example.com"},
        "secret": {"external": {"enabled": True, "store": "vault", "key": "shop"}},
        "web": {
            "autoscaling": {"enabled": True},
            "readinessPath": "/ready",
            "pod": {
                "volumes": [{"name": "extra", "emptyDir": {}}],
                "volumeMounts": [{"name": "extra", "mountPath": "/extra"}],
            },
        },
        "media": {"enabled": True},
        "superuser": {"username": "root", "email": "root@example.com", "secretName": "administrator"},
        "envAliases": {"POSTGRES_HOST": "DATABASE_HOST", "DJANGO_SECRET_KEY": "SECRET_KEY"},
        "tests": True,
        "pod": {
            "labels": {"team": "shop"},
            "priorityClassName": "important",
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"operator": "Exists"}],
        },
        "commonLabels": {"owner": "shop"},
        "commonAnnotations": {"contact": "shop"},
        "extraObjects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra"}, "data": {"a": "b"}},
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-text'}\n",
        ],
    },
)
STAGING = merged(preset("staging"), IMAGE, SEED)
CASES: dict[str, dict[str, Any]] = {
    "default": IMAGE,
    "digest": {"image": "shop@sha256:" + "0123456789abcdef" * 4},
    "production": merged(preset("production"), IMAGE),
    "staging": STAGING,
    "staging-everything": merged(
        STAGING,
        JOBS,
        {"workers": {"mail": {"queues": ["mail"]}}},
        {
            "daemons": {
                "smtp": {"command": ["smtpd"], "port": 2525},
                "alerts": {"command": ["alerts"], "heartbeat": True},
            }
        },
        {
            "staging": {"persistent": True, "expires": "2026-12-01", "seed": ["manage", "loaddata", "demo"]},
            "networkPolicy": {"enabled": True},
            "superuser": {"username": "root"},
            "envAliases": {"POSTGRES_HOST": "DATABASE_HOST", "POSTGRES_PASSWORD": "DATABASE_PASSWORD"},
            "tests": True,
        },
    ),
    "minikube": merged(preset("minikube"), IMAGE),
    "eks": merged(preset("eks"), IMAGE, HOSTS),
    "everything": EVERYTHING,
    "no-celery": merged(EVERYTHING, {"celery": False}),
    "no-celery-staging": merged(STAGING, {"celery": False}),
    "no-scheduler": merged(IMAGE, {"scheduler": {"enabled": False}, "migrate": {"mode": "none"}}),
    "scheduler-migrates": merged(IMAGE, {"migrate": {"mode": "scheduler"}}),
    "scaled-elsewhere": merged(
        IMAGE, {"web": {"replicas": None}, "workers": {"default": {"replicas": None}}}
    ),
}
