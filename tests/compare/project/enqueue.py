"""Send tasks and print what one of them costs in CPU time: python enqueue.py NUMBER."""

import json
import sys
import time

import django

django.setup()

from shop.tasks import nothing  # noqa: E402

number = int(sys.argv[1])
nothing.delay()  # connects
began = time.process_time()
for _ in range(number):
    nothing.delay()
print(json.dumps({"seconds": (time.process_time() - began) / number}))
