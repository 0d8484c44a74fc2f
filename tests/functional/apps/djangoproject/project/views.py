import hashlib

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt


def hello(request):
    return HttpResponse(settings.GREETING)


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    checksum = hashlib.sha256()
    for chunk in file.chunks():
        checksum.update(chunk)
    name = default_storage.save(file.name, file)
    return JsonResponse({"name": name, "length": file.size, "sha256": checksum.hexdigest()})


def download(request, name):
    return FileResponse(default_storage.open(name, "rb"), as_attachment=True, filename=name)


def lines(request):
    return StreamingHttpResponse(f"line {n}\n" for n in range(int(request.GET["count"])))
