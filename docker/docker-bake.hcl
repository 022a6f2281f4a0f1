# Both images in one build: `docker buildx bake`, or one of them: `docker buildx bake production`.
# Every variable can be set in the environment: RELEASE=1.4.2 docker buildx bake

variable "NAME" { default = "django" }
variable "RELEASE" { default = "dev" }
variable "REVISION" { default = "" }
variable "PYTHON_IMAGE" { default = "python:3.13-slim" }
variable "PREVIOUS_IMAGE" { default = "nothing" }
variable "SETTINGS" { default = "config.settings" }
variable "REQUIREMENTS" { default = "requirements.txt" }
variable "FRONTEND" { default = "none" }
variable "FOLDER" { default = "." }
variable "ALLOW_FILES" { default = "" }
# The project, the directory of the Dockerfiles, and a directory with a wheel of django-k8s-toolkit; without one the index has it.
variable "PROJECT" { default = "." }
variable "DOCKERFILES" { default = "." }
variable "LIBRARY" { default = "." }

group "default" {
  targets = ["production", "development"]
}

target "common" {
  context  = PROJECT
  contexts = { library = LIBRARY }
  args = {
    PYTHON_IMAGE = PYTHON_IMAGE
    SETTINGS     = SETTINGS
    REQUIREMENTS = REQUIREMENTS
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
    FRONTEND       = FRONTEND
    FOLDER         = FOLDER
    ALLOW_FILES    = ALLOW_FILES
  }
}

target "development" {
  inherits   = ["common"]
  dockerfile = "${DOCKERFILES}/Dockerfile.dev"
  tags       = ["${NAME}-development"]
}
