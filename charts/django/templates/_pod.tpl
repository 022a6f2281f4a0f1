{{/*
One pod for every role.

(root, component, containers, initContainers, waits, longRunning, graceSeconds, restartPolicy, annotations, pod)

- containers, initContainers: dicts, as django.container describes them.
- waits: an init container waits for the migrations.
- longRunning: the pod does not belong to a Job. It is spread, and restartToken replaces it.
- pod: what the role adds to the values of pod.
*/}}
{{- define "django.pod" -}}
metadata:
  {{- include "django.podMetadata" . | nindent 2 }}
spec:
  {{- include "django.podSpec" . | nindent 2 }}
{{- end }}

{{/*
(root, own, into): the values of pod with a role's own. Lists are appended, maps are merged, other values are replaced.
*/}}
{{- define "django.podValues" -}}
{{- range $key, $common := deepCopy .root.Values.pod -}}
{{- $_ := set $.into $key $common -}}
{{- end -}}
{{- range $key, $own := .own -}}
{{- $common := get $.into $key -}}
{{- if kindIs "slice" $own -}}
{{- $own = concat $common $own -}}
{{- else if kindIs "map" $own -}}
{{- $own = mergeOverwrite $common (deepCopy $own) -}}
{{- end -}}
{{- $_ := set $.into $key $own -}}
{{- end -}}
{{- end }}

{{/* Labels and annotations of a pod. */}}
{{- define "django.podMetadata" -}}
{{- $pod := dict -}}
{{- include "django.podValues" (dict "root" .root "own" .pod "into" $pod) -}}
labels:
  {{- include "django.labels" (dict "root" .root "component" .component "labels" $pod.labels) | nindent 2 }}
annotations:
  checksum/config: {{ include "django.checksum" .root }}
  {{- if and .longRunning .root.Values.restartToken }}
  restart-token: {{ .root.Values.restartToken | quote }}
  {{- end }}
  {{- $safe := dict "cluster-autoscaler.kubernetes.io/safe-to-evict" "true" }}
  {{- mergeOverwrite $safe $pod.annotations (.annotations | default dict) | toYaml | nindent 2 }}
{{- end }}

{{/* The spec of a pod. */}}
{{- define "django.podSpec" -}}
{{- $v := .root.Values -}}
{{- $pod := dict -}}
{{- include "django.podValues" (dict "root" .root "own" .pod "into" $pod) -}}
{{- $initContainers := .initContainers | default list -}}
{{- if and .waits (ne $v.migrate.mode "none") -}}
{{- $wait := dict "name" "wait" "args" (list "wait" "migrations") "resources" $v.migrate.resources -}}
{{- $initContainers = append $initContainers (set $wait "env" (dict "WAIT_SECONDS" $v.migrate.waitSeconds)) -}}
{{- end -}}
{{- $restricted := dict
  "runAsNonRoot" true
  "fsGroup" 10001
  "fsGroupChangePolicy" "OnRootMismatch"
  "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- with $pod.supplementalGroupsPolicy -}}
{{- $_ := set $restricted "supplementalGroupsPolicy" . -}}
{{- end -}}
serviceAccountName: {{ include "django.serviceAccountName" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $v.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- if not (kindIs "invalid" $pod.hostUsers) }}
hostUsers: {{ $pod.hostUsers }}
{{- end }}
securityContext:
  {{- mergeOverwrite $restricted $pod.securityContext | toYaml | nindent 2 }}
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
{{- with .graceSeconds }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with $pod.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with $pod.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- if and $pod.spread .longRunning }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "django.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- if or $pod.sidecars $pod.initContainers $initContainers }}
initContainers:
  # Native sidecars come first: what runs after them may need them, such as a proxy of the database.
  {{- range $pod.sidecars }}
  - {{- mergeOverwrite (deepCopy .) (dict "restartPolicy" "Always") | toYaml | nindent 4 }}
  {{- end }}
  {{- with $pod.initContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- range $initContainers }}
  - {{- include "django.container" (dict "root" $.root "container" . "volumeMounts" $v.pod.volumeMounts) | nindent 4 }}
  {{- end }}
{{- end }}
containers:
  {{- range .containers }}
  - {{- include "django.container" (dict "root" $.root "container" . "volumeMounts" $pod.volumeMounts) | nindent 4 }}
  {{- end }}
volumes:
  {{- range concat $initContainers .containers }}
  - {name: tmp-{{ .name }}, emptyDir: {{ include "django.emptyDir" (dict "size" $pod.tmpSize) }}}
  {{- if or .listener .state }}
  # In memory: a disk that is full or read-only stops no heartbeat and no metric.
  - {name: state, emptyDir: {{ include "django.emptyDir" (dict "size" $pod.stateSize "medium" "Memory") }}}
  {{- end }}
  {{- end }}
  {{- if $v.media.enabled }}
  - name: media
    persistentVolumeClaim:
      claimName: {{ $v.media.existingClaim | default (printf "%s-media" (include "django.fullname" .root)) }}
  {{- end }}
  {{- include "django.fileVolumes" .root | nindent 2 }}
  {{- with $pod.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* (size, medium) -> an emptyDir, as JSON. */}}
{{- define "django.emptyDir" -}}
{{- $volume := dict -}}
{{- with .size -}}
{{- $_ := set $volume "sizeLimit" . -}}
{{- end -}}
{{- with .medium -}}
{{- $_ := set $volume "medium" . -}}
{{- end -}}
{{ toJson $volume }}
{{- end }}

{{/*
(root) -> a text that changes with what the chart writes into ConfigMaps. Secrets are left out: whoever may see pods
could test guesses of them.
*/}}
{{- define "django.checksum" -}}
{{ printf "%s|%s" (include "django.config" .) (toJson .Values.files) | sha256sum | trunc 32 }}
{{- end }}
