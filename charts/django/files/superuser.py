"""Create the first administrator, as createsuperuser --noinput does, unless there is a user of that name."""

import os
import sys

from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands.createsuperuser import Command
from django.core.management import call_command, get_commands, load_command_class

User = get_user_model()
name = os.environ["DJANGO_SUPERUSER_USERNAME"]
if User._default_manager.filter(**{User.USERNAME_FIELD: name}).exists():
    print(f"There is a user {name}. Nothing was changed.")
elif not os.environ["DJANGO_SUPERUSER_PASSWORD"]:
    print("The password of the superuser is empty. Set it in its Secret.", file=sys.stderr)
    sys.exit(78)
else:
    found = get_commands()["createsuperuser"]
    command = load_command_class(found, "createsuperuser") if isinstance(found, str) else found
    # A project's own command of that name may know neither these options nor the variables: Django's does.
    if not isinstance(command, Command):
        command = Command()
    call_command(command, interactive=False, **{User.USERNAME_FIELD: name})
