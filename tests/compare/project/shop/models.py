"""What is sold, and what was ordered."""

from django.db import models


class Product(models.Model):
    """One of the twenty that every page lists."""

    name = models.CharField(max_length=100)
    price = models.IntegerField()

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """What the form stores."""

    name = models.CharField(max_length=100)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
