{{/* (root, component, image, port, args, env, probe, folders, config): a data store of one pod, as user 999 of the official images. */}}
{{- define "django.store" -}}
{{- $v := .root.Values.staging -}}
{{- $fullname := include "django.fullname" .root -}}
{{- $probe := dict "exec" (dict "command" .probe) "periodSeconds" 5 "timeoutSeconds" 5 -}}
apiVersion: v1
kind: Service
{{ include "django.metadata" . }}
spec:
  selector:
    {{- include "django.selector" . | nindent 4 }}
  ports:
    - {name: {{ .component }}, port: {{ .port }}, targetPort: {{ .port }}}
---
apiVersion: apps/v1
kind: StatefulSet
{{ include "django.metadata" . }}
spec:
  replicas: 1
  serviceName: {{ $fullname }}-{{ .component }}
  selector:
    matchLabels:
      {{- include "django.selector" . | nindent 6 }}
  {{- if $v.persistent }}
  # The data goes with the environment.
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  volumeClaimTemplates:
    - metadata:
        name: data
        labels:
          {{- include "django.selector" . | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $v.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: {requests: {storage: {{ $v.size }}}}
  {{- end }}
  template:
    metadata:
      # No label that changes with a release: it would replace the pod, and with it the data.
      labels:
        {{- include "django.selector" . | nindent 8 }}
      annotations:
        checksum/config: {{ include "django.stagingSecrets" .root | sha256sum | trunc 32 }}
        cluster-autoscaler.kubernetes.io/safe-to-evict: "true"
    spec:
      serviceAccountName: {{ include "django.serviceAccountName" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 10
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      # OnRootMismatch: PostgreSQL refuses a folder that was made writable for the group at a second mount.
      securityContext: {runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, fsGroup: 999, fsGroupChangePolicy: OnRootMismatch, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: {{ .component }}
          image: {{ .image }}
          {{- with .args }}
          args: {{ toJson . }}
          {{- end }}
          {{- with .env }}
          env: {{ toJson . }}
          {{- end }}
          ports:
            - {name: {{ .component }}, containerPort: {{ .port }}}
          resources:
            {{- toYaml $v.resources | nindent 12 }}
          readinessProbe: {{ mergeOverwrite (deepCopy $probe) (dict "periodSeconds" 2) | toJson }}
          # A database that is restarted while it makes its folder on a busy node leaves half of one.
          startupProbe: {{ mergeOverwrite (deepCopy $probe) (dict "periodSeconds" 2 "failureThreshold" 150) | toJson }}
          livenessProbe: {{ mergeOverwrite (deepCopy $probe) (dict "periodSeconds" 15 "timeoutSeconds" 10 "failureThreshold" 6) | toJson }}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          terminationMessagePolicy: FallbackToLogsOnError
          volumeMounts:
            - {name: data, mountPath: /data}
            {{- range .folders }}
            - {name: scratch, mountPath: {{ . }}, subPath: {{ base . }}}
            {{- end }}
            {{- with .config }}
            - {name: config, mountPath: /etc/redis/{{ . }}, subPath: {{ . }}, readOnly: true}
            {{- end }}
      volumes:
        - {name: scratch, emptyDir: {}}
        {{- if not $v.persistent }}
        - {name: data, emptyDir: {}}
        {{- end }}
        {{- with .config }}
        - {name: config, secret: {secretName: {{ $fullname }}-staging, items: [{key: {{ . }}, path: {{ . }}}]}}
        {{- end }}
{{- end }}
