from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            "Effect",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("number", models.IntegerField(db_index=True)),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            "Tick",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("due", models.FloatField()),
                ("published", models.FloatField()),
                ("task_id", models.CharField(max_length=255)),
            ],
        ),
    ]
