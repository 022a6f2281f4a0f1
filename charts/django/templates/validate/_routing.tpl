{{/* The way of a request: hosts, Ingress, Gateway, DNS, and the proxies in front of web. */}}
{{- define "django.validate.routing" -}}
{{- $v := .Values }}
{{- $routed := or $v.ingress.enabled $v.gateway.enabled }}
{{- $https := or (and $v.ingress.enabled $v.ingress.tls.enabled) $v.gateway.enabled }}
{{- $preset := $v.ingress.enabled | ternary $v.ingress.preset "none" }}
{{- if and (or $routed $v.externalDNS.enabled) (not $v.hosts) }}
  {{- fail "hosts is empty, so there is nothing to route. Name the site's hosts: hosts=[shop.example.com]" }}
{{- end }}
{{- if and $v.externalDNS.enabled (not $routed) }}
  {{- fail "externalDNS has neither an Ingress nor an HTTPRoute to annotate. Set ingress.enabled or gateway.enabled." }}
{{- end }}
{{- if and $routed (not $v.web.enabled) }}
  {{- fail "ingress and gateway route to web, but web.enabled is false. Enable it, or disable them." }}
{{- end }}
{{- if and $https (not $v.trustedProxies) (not (hasKey $v.env "TRUSTED_PROXIES")) }}
  {{- fail (print
    "TLS ends at a proxy, but trustedProxies is empty: web would treat every request as plain HTTP. "
    "Set it to the proxies' network. For a proxy that runs as a pod, this is the network of the pods: "
    "trustedProxies=[10.0.0.0/8]") }}
{{- end }}
{{- if and $v.gateway.enabled (not $v.gateway.parentRefs) }}
  {{- fail "gateway.parentRefs is empty. Name the Gateway: gateway.parentRefs=[{name: public, namespace: gateways}]" }}
{{- end }}
{{- if and (eq $preset "cert-manager") (not $v.ingress.certManager.clusterIssuer) }}
  {{- fail "ingress.preset cert-manager needs ingress.certManager.clusterIssuer." }}
{{- end }}
{{- if and (eq $preset "alb") (lt (int $v.web.drainSeconds) 20) }}
  {{- fail (print
    "A load balancer of AWS still sends requests for 15 to 20 s when a pod has stopped. "
    "Set web.drainSeconds to 20 or more, and web.graceSeconds to at least 35 more.") }}
{{- end }}
{{- end }}
