"""What holds for every test: laws have no deadline, since a busy machine is no flaw; slow code is measured in bench/."""

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
