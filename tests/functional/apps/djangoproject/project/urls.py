from django.contrib import admin
from django.urls import path

from . import views

urlpatterns = [
    path("", views.hello),
    path("admin/", admin.site.urls),
    path("upload", views.upload),
    path("download/<str:name>", views.download),
    path("lines", views.lines),
]
