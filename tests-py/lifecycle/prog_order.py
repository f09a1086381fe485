"""What else takes signal handlers, before and after the JVM: the steps are the arguments after the folder."""

import faulthandler
import sys

import samples


def start_ray() -> None:
    import ray

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, object_store_memory=80 << 20)


def stop_ray() -> None:
    import ray

    ray.shutdown()


steps = {
    "faulthandler": faulthandler.enable,
    "no-faulthandler": faulthandler.disable,
    "ray": start_ray,
    "no-ray": stop_ray,
    "read": samples.exercise,
}
for step in sys.argv[2:]:
    steps[step]()
print("done")
