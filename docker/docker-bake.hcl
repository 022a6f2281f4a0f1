# Both images in one build: `docker buildx bake`, or one of them: `docker buildx bake production`.
# Every variable can be set in the environment: RELEASE=1.4.2 docker buildx bake

variable "NAME" { default = "django" }
variable "RELEASE" { default = "dev" }
variable "REVISION" { default = "" }
# No file of an image that is pushed is newer, so that two builds of one commit have equal layers: git log -1 --format=%ct
# Not 0 for every release: browsers and proxies ask for files that have changed since a time.
variable "SOURCE_DATE_EPOCH" { default = "" }
variable "PYTHON_IMAGE" { default = "python:3.14-slim" }
variable "PREVIOUS_IMAGE" { default = "nothing" }
variable "SETTINGS" { default = "config.settings" }
variable "PROJECT_DIR" { default = "." }
variable "LOCK" { default = "requirements.txt" }
variable "GROUPS" { default = "" }
variable "EXTRAS" { default = "" }
variable "LIBRARY" { default = "django-k8s-toolkit[web]" }
variable "PACKAGES" { default = "" }
variable "BUILD_PACKAGES" { default = "" }
variable "FRONTEND_DIR" { default = "" }
variable "FRONTEND_BUILD" { default = "build" }
variable "FRONTEND_BEFORE" { default = "" }
variable "NODE_IMAGE" { default = "node:22-slim" }
variable "BEFORE_STATIC" { default = "" }
variable "AFTER_STATIC" { default = "" }
variable "BUILD_ENV" { default = "" }
variable "ALLOW_FILES" { default = "" }
# The project, the directory of the Dockerfiles, and a directory with a wheel of django-k8s-toolkit; without one the index has it.
variable "PROJECT" { default = "." }
variable "DOCKERFILES" { default = "." }
variable "LIBRARY_DIR" { default = "." }

group "default" {
  targets = ["production", "development"]
}

target "common" {
  context  = PROJECT
  contexts = { library = LIBRARY_DIR }
  args = {
    PYTHON_IMAGE   = PYTHON_IMAGE
    SETTINGS       = SETTINGS
    PROJECT_DIR    = PROJECT_DIR
    LOCK           = LOCK
    GROUPS         = GROUPS
    EXTRAS         = EXTRAS
    LIBRARY        = LIBRARY
    PACKAGES       = PACKAGES
    BUILD_PACKAGES = BUILD_PACKAGES
  }
}

target "production" {
  inherits   = ["common"]
  dockerfile = "${DOCKERFILES}/Dockerfile"
  tags       = ["${NAME}:${RELEASE}"]
  args = {
    RELEASE        = RELEASE
    REVISION       = REVISION
    PREVIOUS_IMAGE = PREVIOUS_IMAGE
    FRONTEND_DIR   = FRONTEND_DIR
    FRONTEND_BUILD = FRONTEND_BUILD
    FRONTEND_BEFORE = FRONTEND_BEFORE
    NODE_IMAGE     = NODE_IMAGE
    BEFORE_STATIC  = BEFORE_STATIC
    AFTER_STATIC   = AFTER_STATIC
    BUILD_ENV      = BUILD_ENV
    ALLOW_FILES    = ALLOW_FILES
  }
}

target "development" {
  inherits   = ["common"]
  dockerfile = "${DOCKERFILES}/Dockerfile.dev"
  tags       = ["${NAME}-development"]
}

# What is pushed, with a list of what is in it and how it was built: docker buildx bake release
# It needs a builder of its own, which `docker buildx create --use` makes. NAME is the name in the registry.
target "release" {
  inherits = ["production"]
  attest   = ["type=sbom", "type=provenance,mode=max"]
  output   = ["type=image,push=true,rewrite-timestamp=true"]
  args     = { SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH }
}
