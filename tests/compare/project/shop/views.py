"""A page, JSON, a form and a view without SQL."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from shop.models import Order, Product


class OrderForm(forms.ModelForm):
    """One field."""

    class Meta:
        model = Order
        fields = ("name",)


def page(request: HttpRequest) -> HttpResponse:
    """Three queries, twenty rows and a template."""
    products = list(Product.objects.order_by("id")[:20])
    context = {"products": products, "count": Product.objects.count(), "last": Order.objects.last()}
    return render(request, "shop/page.html", context)


def as_json(request: HttpRequest) -> HttpResponse:
    """One query, twenty rows."""
    return JsonResponse({"products": list(Product.objects.order_by("id").values("id", "name", "price")[:20])})


def post(request: HttpRequest) -> HttpResponse:
    """CSRF, a form, an INSERT, a redirect."""
    form = OrderForm(request.POST)
    form.save()
    return HttpResponseRedirect("/page")


def hello(request: HttpRequest) -> HttpResponse:
    """No SQL."""
    return HttpResponse("hello")
