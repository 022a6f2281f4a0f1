"""The form for a note, and the one for its image."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.files import File
from django.core.validators import FileExtensionValidator
from django.template.defaultfilters import filesizeformat

from board.models import Note

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
_KINDS = "Choose a JPEG, PNG, WebP or GIF."


class PictureField(forms.ImageField):
    """An image in a format that browsers show, of at most UPLOAD_LIMIT_MB megabytes."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_image": f"The file is not an image, or it is damaged. {_KINDS}",
        "invalid_extension": f"The file is not an image. {_KINDS}",
        "empty": f"The file is empty. {_KINDS}",
        "required": "Choose an image first.",
    }

    def to_python(self, data: File[Any] | None) -> Any:
        """Check the size before anything is decoded, and the format by content, not by name."""
        limit = settings.UPLOAD_LIMIT_MB * 1024 * 1024
        if data and data.size and data.size > limit:
            raise forms.ValidationError(
                f"The file has {filesizeformat(data.size)}, and the limit is {settings.UPLOAD_LIMIT_MB} MB. Choose a smaller one."
            )
        picture: Any = super().to_python(data)
        if picture and picture.image.format not in FORMATS:
            raise forms.ValidationError(self.error_messages["invalid_image"])
        return picture


class PictureForm(forms.Form):
    """The image of a note. Apart from the words, so that a bad image costs none of them."""

    image = PictureField(
        validators=[FileExtensionValidator(["jpg", "jpeg", "png", "webp", "gif"])],
        widget=forms.FileInput(attrs={"accept": ",".join(FORMATS.values())}),
    )


class NoteForm(forms.ModelForm):
    """The words of a note."""

    class Meta:
        model = Note
        fields = ("title", "text")
        widgets: ClassVar = {"text": forms.Textarea(attrs={"rows": 3})}
        error_messages: ClassVar = {"title": {"required": "Give the note a title."}}
