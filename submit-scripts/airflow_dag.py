"""A nightly census as an Airflow DAG: submits to a cluster, then trusts only `verify`.

Put it into Airflow's dags folder and set the variables below in Airflow (Admin, Variables). The run id is the schedule's
date, so that a task that is cleared and run again continues its run, and a complete run is left alone. With kubernetes
the configuration must be at the same path in the driver's pod and, for `verify`, on Airflow's machine. Without Airflow: the
file crontab beside this one.
"""

from datetime import datetime, timedelta

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow.operators.bash import BashOperator

HOME = "{{ var.value.get('ffn_census_home', '/opt/ffn-census') }}"
CONFIG = "{{ var.value.get('ffn_census_config', '/etc/ffn-census/nightly.conf') }}"
# standalone, yarn or kubernetes
CLUSTER = "{{ var.value.get('ffn_census_cluster', 'yarn') }}"
RUN_ID = "run-id={{ ds }}"

with DAG(
    dag_id="ffn_census",
    start_date=datetime(2026, 1, 1),
    schedule="0 2 * * *",
    catchup=False,
    # Two drivers of one run id: the second would be refused.
    max_active_runs=1,
    # A worker of Airflow that dies leaves its application running, and a retry is refused until that has ended.
    default_args={
        "retries": 6,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(hours=4),
    },
) as dag:
    census = BashOperator(
        task_id="census",
        bash_command=f"{HOME}/submit-scripts/{CLUSTER} run --config {CONFIG} {RUN_ID}",
    )
    verify = BashOperator(
        task_id="verify",
        bash_command=f"{HOME}/submit-scripts/local verify --config {CONFIG} {RUN_ID}",
    )
    census >> verify
