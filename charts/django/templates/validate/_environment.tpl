{{/* Variables in every env: their names, and what must not be in a ConfigMap or a pod. */}}
{{- define "django.validate.environment" -}}
{{- $v := .Values }}
{{- $envs := dict "env" $v.env }}
{{- $defaults := list "workerDefaults" "daemonDefaults" "jobDefaults" "cronJobDefaults" }}
{{- range $section := concat (list "web" "scheduler" "migrate" "superuser") $defaults }}
{{- $_ := set $envs (printf "%s.env" $section) ((get $v $section | default dict).env | default dict) }}
{{- end }}
{{- range $kind := list "workers" "daemons" "jobs" "cronJobs" }}
{{- range $name, $entry := get $v $kind | default dict }}
{{- $_ := set $envs (printf "%s.%s.env" $kind $name) (($entry | default dict).env | default dict) }}
{{- end }}
{{- end }}
{{- $secret := include "django.secretName" . | default "that secret.name names" }}
{{- $secrets := .Files.Get "files/secret-variables.yaml" | fromYamlArray }}
{{- range $where, $env := $envs }}
{{- range $name, $value := $env }}
{{- $text := kindIs "map" $value | ternary (get (kindIs "map" $value | ternary $value dict) "value") $value | toString }}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name) }}
  {{- printf "%s: %q is not the name of a variable." $where $name | fail }}
{{- end }}
{{- if has $name (list "PORT" "PROBE_PORT" "STATE_DIR") }}
  {{- printf "%s.%s would differ from what probes and Services expect. Remove it." $where $name | fail }}
{{- end }}
{{- $debug := and (eq $name "DEBUG") (not (has (lower $text) (list "false" "0" "no" ""))) }}
{{- if and $debug (not $v.staging.enabled) }}
  {{- printf "%s.DEBUG shows settings and source to everybody. Set it in staging environments only." $where | fail }}
{{- end }}
{{- $named := and (has $name (list "ENVIRONMENT" "RELEASE")) $text }}
{{- if and $named (not (regexMatch "^[A-Za-z0-9][A-Za-z0-9._/+-]*$" $text)) }}
  {{- printf "%s.%s has other characters than letters, digits and . _ / + -. Replace them." $where $name | fail }}
{{- end }}
{{- if include "django.looksSecret" (dict "name" $name "text" $text "secrets" $secrets) }}
  {{- fail (print
    $where "." $name " looks secret, and everybody who may see a pod can read it there. "
    "Put it into the Secret " $secret ".") }}
{{- end }}
{{- end }}
{{- end }}
{{- include "django.validate.aliases" . }}
{{- end }}

{{/*
(name, text, secrets) -> "true" if a variable looks secret: `secrets` has its name, its name ends like that of a secret, or
its text has credentials. The text of a URL variable without credentials, of a switch, of CREDENTIALS that are a path, and
of a DSN without a host, such as that of a directory, is not secret.
*/}}
{{- define "django.looksSecret" -}}
{{- $keys := "(SECRET|PRIVATE|ACCESS|API|LICENSE|SIGNING|ENCRYPTION|MASTER|ACCOUNT|AUTH|SHARED|WEBHOOK|FERNET|HMAC|SERVICE)_?KEY" -}}
{{- $words := "SECRET|[A-Z]*PASSWORD|[A-Z]*PASSWD|PASSPHRASE|PWD|TOKEN|PAT|JWT|HMAC|SALT|BASIC_AUTH|CREDENTIAL|DSN|CONNECTION_STRING" -}}
{{- $which := "(_?[0-9]+|_(FALLBACKS?|OLD|NEW|PREVIOUS|CURRENT|NEXT|LIVE|PROD|PRODUCTION|STAGING|TEST|DEFAULT))?" -}}
{{- $named := printf "(?i)(^|_)(%s|%s)S?%s$" $words $keys $which -}}
{{- $harmless := "^(|(?i:true|false|yes|no|on|off|none))$" -}}
{{- $path := and (regexMatch "(?i)CREDENTIALS$" .name) (regexMatch "^/[^\\s:@]*$" .text) -}}
{{- $local := and (regexMatch "(?i)DSN$" .name) (regexMatch "^[a-z][a-z0-9+.-]*:///" .text) -}}
{{- $address := "://[^@\\s]*:[^\\s]*@" -}}
{{- $parameter := "(?i)(^|[\\s?&;,])(password|passwd|pwd|secret|token|api_?key|access_?key|account_?key|sig)=[^\\s&;,]" -}}
{{- $scheme := "(?i)^(bearer|basic) +[^ ]" -}}
{{- $block := "-----BEGIN [A-Z ]*PRIVATE KEY" -}}
{{- $headers := and (regexMatch "(?i)(^|_)HEADERS$" .name) (regexMatch "[=:]" .text) -}}
{{- $name := or (has .name .secrets) (regexMatch $named .name) -}}
{{- if and $name (not (or $path $local (regexMatch $harmless .text))) -}}
true
{{- else if or $headers (regexMatch (printf "%s|%s|%s|%s" $address $parameter $scheme $block) .text) -}}
true
{{- end }}
{{- end }}

{{/* envAliases: their names, and what they are names of. */}}
{{- define "django.validate.aliases" -}}
{{- $known := include "django.stagingKeys" . | fromJsonArray | concat (include "django.config" . | fromYaml | keys) }}
{{- $known = concat $known (keys .Values.env) }}
{{- range $name, $of := .Values.envAliases }}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name) }}
  {{- printf "envAliases: %q is not the name of a variable." $name | fail }}
{{- end }}
{{- if has $name (append $known "PORT" | concat (list "PROBE_PORT" "STATE_DIR")) }}
  {{- printf "envAliases.%s: the chart or env sets %s already. Remove one of them." $name $name | fail }}
{{- end }}
{{- if and (not (include "django.secretName" $)) (not (has $of $known)) }}
  {{- printf "envAliases.%s: nothing sets %v. There are: %s." $name $of (sortAlpha $known | uniq | join ", ") | fail }}
{{- end }}
{{- end }}
{{- end }}
