# Shared by the scripts in this folder: finds the project, Java and Spark, builds the jar, and says how to start it.
# To be sourced by bash, after: set -euo pipefail
#
# Environment, all optional:
#   JAVA_HOME           a JDK 17 or newer; else the java on the PATH
#   SPARK_HOME          a Spark 3.5 or 4.x distribution, or a folder that spark-home/pom.xml made; else the Spark jars that
#                       the build downloads
#   HADOOP_CONF_DIR     folder of core-site.xml and hdfs-site.xml, for warehouses and corpora on HDFS or an object store
#   FFN_CENSUS_MASTER   Spark master; default local[*]
#   FFN_CENSUS_MEMORY   Java heap, such as 4g; default half of this machine's memory, at most 8g, and 4g for a driver that
#                       starts elsewhere (YARN, Kubernetes)
#   FFN_CENSUS_UI       1 for Spark's web page while a command runs
#   FFN_CENSUS_LOG      Spark's log; default target/ffn-census.log
#   DJL_CACHE_DIR       where the PyTorch engine unpacks its native libraries (430 MB); default target/djl
#   FFN_CENSUS_SUBMIT   further options for spark-submit, split at blanks, such as
#                       --packages org.apache.hadoop:hadoop-aws:3.4.2  for s3a:// (of the Hadoop version that Spark has)
#
# and on clusters:
#   FFN_CENSUS_EXECUTOR_MEMORY   Java heap of an executor; default 4g. PyTorch's memory is outside of it.
#   FFN_CENSUS_EXECUTOR_OVERHEAD memory of an executor outside of the heap; default 8g (YARN and Kubernetes)
#   FFN_CENSUS_EXECUTOR_CORES    tasks that an executor runs at once; default 1
#   FFN_CENSUS_EXECUTORS         number of executors; default: what the cluster gives. With dynamic allocation the most at a
#                                time, needed then: of those without GPUs and of those with them as many each
#   FFN_CENSUS_DYNAMIC           1 to have executors come and go with the work, 0 to keep them; default 1 with GPUs, else 0.
#                                With 1, executors for ingest and merges have no GPU, and those with GPUs are given back a
#                                minute after the model's stage; with 0 every executor holds its GPUs all the time.
#   FFN_CENSUS_GPUS              GPUs of an executor, one for each task that runs the model; default 0. Other tasks run on all
#                                of the executor's cores.
#   FFN_CENSUS_EXECUTOR_CACHE    DJL_CACHE_DIR on the executors' machines, a folder of the user that runs them; default: on
#                                YARN in the container's folder, on Kubernetes the image's, else .djl.ai in the user's home
#   FFN_CENSUS_LIBTORCH          folder on the executors' machines that has libtorch.so, of the build of PyTorch 2.7.1 for
#                                CUDA 12.8 (docs/operations.md, GPUs); needed for GPUs

die() {
  printf '%s\n' "$*" >&2
  exit 2
}

FFN_CENSUS_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export FFN_CENSUS_HOME

JAR=$FFN_CENSUS_HOME/jobs/target/ffn-census-jobs.jar
SPARK_JARS=$FFN_CENSUS_HOME/jobs/target/spark/jars
MAIN_CLASS=io.github.ffncensus.jobs.FfnCensus

# Sets JAVA.
find_java() {
  if [ -n "${JAVA_HOME:-}" ]; then
    JAVA=$JAVA_HOME/bin/java
    [ -x "$JAVA" ] || die "JAVA_HOME is $JAVA_HOME, but there is no bin/java in it; let it name a JDK 17 or newer."
  else
    JAVA=$(command -v java) || die "There is no Java: install a JDK 17 or newer, and put java on the PATH or set JAVA_HOME."
  fi
  local version
  version=$("$JAVA" -version 2>&1 | sed -n 's/.* version "\([0-9][0-9]*\).*/\1/p' | head -n 1)
  [ "${version:-0}" -ge 17 ] ||
    die "$JAVA is Java ${version:-of an unknown version}; FFN Census needs a JDK 17 or newer (set JAVA_HOME)."
}

jar_is_current() {
  [ -f "$JAR" ] && [ -d "$SPARK_JARS" ] && [ -z "$(
    cd "$FFN_CENSUS_HOME" &&
      find pom.xml common/pom.xml jobs/pom.xml common/src/main jobs/src/main data-schemas -newer "$JAR" -print -quit
  )" ]
}

# Builds the jar unless it is there and newer than its sources. A folder with the jar and no sources is taken as it is.
ensure_jar() {
  [ -d "$FFN_CENSUS_HOME/jobs/src" ] || { [ -f "$JAR" ] && return; }
  jar_is_current && return
  printf 'Building FFN Census (a few minutes the first time: Maven fetches Spark and PyTorch) ...\n' >&2
  rm -rf "$SPARK_JARS" # Maven adds to it and would leave other versions of a jar beside the new one
  (cd "$FFN_CENSUS_HOME" && ./mvnw -q -B -ntp -DskipTests package) >&2 ||
    die "The build failed; see above. It needs a JDK 17 or newer and access to Maven Central."
  touch "$JAR"
}

# Half of the memory of the machine or container, between 1 and 8 GB. The other half is for PyTorch, which is not in the heap.
default_memory() {
  local bytes=0 limit
  if [ -r /proc/meminfo ]; then
    bytes=$(awk '/^MemTotal:/ {printf "%.0f", $2 * 1024}' /proc/meminfo)
  elif command -v sysctl >/dev/null; then
    bytes=$(sysctl -n hw.memsize 2>/dev/null || echo 0)
  fi
  if [ -r /sys/fs/cgroup/memory.max ]; then
    limit=$(cat /sys/fs/cgroup/memory.max)
    [ "$limit" = max ] || [ "$limit" -gt "$bytes" ] || bytes=$limit
  fi
  local half=$((bytes / 2 / 1024 / 1024))
  [ "$half" -ge 1024 ] || half=1024
  [ "$half" -le 8192 ] || half=8192
  printf '%sm\n' "$half"
}

# Where logs, caches and scratch files go: target/ of the project, or the user's cache if the project is read-only.
state_folder() {
  local folder=$FFN_CENSUS_HOME/target
  if mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ]; then
    printf '%s\n' "$folder"
  else
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/ffn-census
    mkdir -p "$folder"
    printf '%s\n' "$folder"
  fi
}

# Environment of the process, to be set before Java starts.
prepare_environment() {
  STATE=$(state_folder)
  export DJL_CACHE_DIR=${DJL_CACHE_DIR:-$STATE/djl}
  # OpenMP threads that spin while they wait take the cores from those that work.
  export OMP_WAIT_POLICY=passive
  MEMORY=${FFN_CENSUS_MEMORY:-$(default_memory)}
}

# Java heap of a driver that starts elsewhere: this machine's memory says nothing about that one's.
CLUSTER_DRIVER_MEMORY=${FFN_CENSUS_MEMORY:-4g}

# DJL: nothing from the network, one torch thread per task.
DJL_OPTIONS=(
  -Dai.djl.offline=true -DOPT_OUT_TRACKING=true
  -Dai.djl.pytorch.num_threads=1 -Dai.djl.pytorch.num_interop_threads=1
)

# What spark-submit adds (org.apache.spark.launcher.JavaModuleOptions).
SPARK_JAVA_OPTIONS=(
  -XX:+IgnoreUnrecognizedVMOptions
  --add-opens=java.base/java.lang=ALL-UNNAMED
  --add-opens=java.base/java.lang.invoke=ALL-UNNAMED
  --add-opens=java.base/java.lang.reflect=ALL-UNNAMED
  --add-opens=java.base/java.io=ALL-UNNAMED
  --add-opens=java.base/java.net=ALL-UNNAMED
  --add-opens=java.base/java.nio=ALL-UNNAMED
  --add-opens=java.base/java.util=ALL-UNNAMED
  --add-opens=java.base/java.util.concurrent=ALL-UNNAMED
  --add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED
  --add-opens=java.base/jdk.internal.ref=ALL-UNNAMED
  --add-opens=java.base/sun.nio.ch=ALL-UNNAMED
  --add-opens=java.base/sun.nio.cs=ALL-UNNAMED
  --add-opens=java.base/sun.security.action=ALL-UNNAMED
  --add-opens=java.base/sun.util.calendar=ALL-UNNAMED
  --add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED
  -Djdk.reflect.useDirectMethodHandle=false
  -Dio.netty.tryReflectionSetAccessible=true
)

# Sets SPARK_HOME and SPARK_SCALA_VERSION, which whatever starts executors needs, for a Spark that is jars and nothing else:
# the one that SPARK_HOME names, or that of the build.
use_spark_jars() {
  local core
  core=$(printf '%s\n' "${SPARK_HOME:-}"/jars/spark-core_*.jar | head -n 1)
  if [ ! -f "$core" ]; then
    [ -z "${SPARK_HOME:-}" ] ||
      printf 'SPARK_HOME is %s, but there is no Spark in it: using the Spark of the build.\n' "$SPARK_HOME" >&2
    SPARK_HOME=$FFN_CENSUS_HOME/jobs/target/spark
    core=$(printf '%s\n' "$SPARK_HOME"/jars/spark-core_*.jar | head -n 1)
  fi
  SPARK_SCALA_VERSION=${core##*/spark-core_}
  SPARK_SCALA_VERSION=${SPARK_SCALA_VERSION%%-*}
  export SPARK_HOME SPARK_SCALA_VERSION
}

# For drivers that start elsewhere: sets SHIPPED_FILES to the configuration file among the arguments of ffn-census and the
# files that it includes, and SHIPPED_ARGUMENTS to the arguments with its name alone, as it will lie in the driver's working
# folder.
ship_config() {
  SHIPPED_FILES=()
  SHIPPED_ARGUMENTS=()
  local file
  while [ $# -gt 0 ]; do
    case $1 in
      --config=*) set -- --config "${1#--config=}" "${@:2}" ;;
    esac
    if [ "$1" = --config ] && [ $# -gt 1 ]; then
      file=$2
      [ -f "$file" ] || die "$file: no such configuration file (--config)"
      ship_with_includes "$file"
      SHIPPED_ARGUMENTS+=(--config "$(basename "$file")")
      shift 2
    else
      SHIPPED_ARGUMENTS+=("$1")
      shift
    fi
  done
}

# Adds a configuration file to SHIPPED_FILES, and what it includes. All files of an application arrive in one folder, so an
# included one must lie beside the one that includes it. HOCON takes an included file that is missing for an empty one: what
# would be missing there and is not here must be refused.
ship_with_includes() {
  local file=$1 shipped names name found
  for shipped in "${SHIPPED_FILES[@]+"${SHIPPED_FILES[@]}"}"; do
    [ "$shipped" != "$file" ] || return 0
  done
  SHIPPED_FILES+=("$file")
  local include='(^|[[:space:]{},])include[[:space:]]+(required\([[:space:]]*)?((file|url|classpath)\([[:space:]]*)?"[^"]+"'
  names=$(sed -E '/^[[:space:]]*(#|\/\/)/d' "$file" | grep -oE "$include") || return 0
  while IFS= read -r name; do
    case $name in
      *url\(* | *classpath\(* | *://*) continue ;; # read where the driver is
    esac
    name=${name#*\"}
    name=${name%\"}
    case $name in
      */*)
        die "$file: include \"$name\": only files beside it go along to the driver; move that one there, or copy it in."
        ;;
    esac
    found=
    for shipped in "$name" "$name.conf" "$name.json" "$name.properties"; do
      shipped=$(dirname "$file")/$shipped
      [ ! -f "$shipped" ] || { found=1 && ship_with_includes "${shipped#./}"; }
    done
    [ -n "$found" ] || printf '%s: include "%s": no such file beside it; nothing is included.\n' "$file" "$name" >&2
  done <<<"$names"
}

# Prints the files that the user ships, as a list with commas: those of spark-submit's options, or of spark-defaults.conf.
# A second --files would replace them.
users_files() {
  local options=() listed=() defaults=${SPARK_CONF_DIR:-$SPARK_HOME/conf}/spark-defaults.conf
  # shellcheck disable=SC2206 # split on purpose
  options=(${FFN_CENSUS_SUBMIT:-})
  set -- "${options[@]+"${options[@]}"}"
  while [ $# -gt 0 ]; do
    case $1 in
      --files=* | --conf=spark.files=*) listed+=("${1#*files=}") ;;
      --files) listed+=("${2:-}") ;;
      --conf | -c) [[ ${2:-} != spark.files=* ]] || listed+=("${2#spark.files=}") ;;
      --properties-file=*) defaults=${1#*=} ;;
      --properties-file) defaults=${2:-} ;;
    esac
    shift
  done
  if [ "${#listed[@]}" -eq 0 ] && [ -r "$defaults" ]; then
    listed+=("$(sed -nE 's/^[[:space:]]*spark\.files([[:space:]]*[=:][[:space:]]*|[[:space:]]+)//p' "$defaults" | tail -n 1)")
  fi
  (IFS=, && printf '%s' "${listed[*]+"${listed[*]}"}")
}

# Sets CLUSTER: what every cluster manager needs to be told about executors.
cluster_options() {
  CLUSTER=(
    --conf "spark.executor.memory=${FFN_CENSUS_EXECUTOR_MEMORY:-4g}"
    --conf "spark.executor.cores=${FFN_CENSUS_EXECUTOR_CORES:-1}"
    --conf "spark.executor.extraJavaOptions=${DJL_OPTIONS[*]}"
    --conf spark.executorEnv.OMP_WAIT_POLICY=passive
    # A shard that takes its executor with it costs eight of them before it is named; on YARN and Kubernetes Spark's
    # default ends an application with few executors before that.
    --conf spark.executor.maxNumFailures=100
  )
  if [ -n "${FFN_CENSUS_EXECUTOR_CACHE:-}" ]; then
    CLUSTER+=(--conf "spark.executorEnv.DJL_CACHE_DIR=$FFN_CENSUS_EXECUTOR_CACHE")
  fi
  if [ -n "${FFN_CENSUS_LIBTORCH:-}" ]; then
    # Without the flavour DJL looks for glue of an older ABI, which it does not have.
    CLUSTER+=(
      --conf "spark.executorEnv.PYTORCH_LIBRARY_PATH=$FFN_CENSUS_LIBTORCH"
      --conf spark.executorEnv.PYTORCH_FLAVOR=cu128
    )
  fi
  if [ "${FFN_CENSUS_GPUS:-0}" -gt 0 ]; then
    # Which tasks ask for them is decided by census.gpus, unless spark.task.resource.gpu.amount is set.
    CLUSTER+=(--conf "spark.executor.resource.gpu.amount=$FFN_CENSUS_GPUS")
  fi
  if is_dynamic; then
    [ -n "${FFN_CENSUS_EXECUTORS:-}" ] ||
      die "Set FFN_CENSUS_EXECUTORS to the most executors at a time, or FFN_CENSUS_DYNAMIC=0 to hold all GPUs all the time."
    CLUSTER+=(
      --conf spark.dynamicAllocation.enabled=true
      --conf "spark.dynamicAllocation.maxExecutors=$FFN_CENSUS_EXECUTORS"
      # Without an external shuffle service an executor is kept while a job reads what it shuffled.
      --conf spark.dynamicAllocation.shuffleTracking.enabled=true
      # Spark's defaults are for ever: executors of a finished stage would keep their GPUs, or the cores that those of the
      # next one need. What is lost so and still wanted is computed again.
      --conf spark.dynamicAllocation.shuffleTracking.timeout=60s
      --conf spark.dynamicAllocation.cachedExecutorIdleTimeout=120s
    )
  fi
}

# Whether executors come and go with the work.
is_dynamic() {
  case ${FFN_CENSUS_DYNAMIC:-} in
    1) return 0 ;;
    0) return 1 ;;
    '') [ "${FFN_CENSUS_GPUS:-0}" -gt 0 ] ;;
    *) die "FFN_CENSUS_DYNAMIC is $FFN_CENSUS_DYNAMIC; it can be 1 or 0." ;;
  esac
}

# For a driver on this machine: Spark's log goes to a file, and the terminal shows progress and messages only. A client that
# submits to a cluster is to say which application it started and how that ended.
log_to_file() {
  export FFN_CENSUS_LOG=${FFN_CENSUS_LOG:-$STATE/ffn-census.log}
  export LOG4J_CONFIGURATION_FILE=${LOG4J_CONFIGURATION_FILE:-$FFN_CENSUS_HOME/conf/log4j2-local.properties}
}

# Whether a command, the first of the arguments, computes: others read what is in the warehouse, without Spark.
computes() {
  case ${1:-} in
    run | ingest | scan | interpret | attribute | kn-stats | intervene | edit | combine) return 0 ;;
    *) return 1 ;;
  esac
}

# Replaces this process by: ffn-census "$@", in local mode unless FFN_CENSUS_MASTER says otherwise. CLUSTER has further
# options for spark-submit, if it is set.
exec_ffn_census() {
  local master=${FFN_CENSUS_MASTER:-local[*]} ui=false terminal=false
  [ "${FFN_CENSUS_UI:-0}" = 1 ] && ui=true
  [ -t 2 ] && terminal=true
  local submit=(
    --master "$master" --class "$MAIN_CLASS" "${CLUSTER[@]+"${CLUSTER[@]}"}"
    --conf "spark.ui.enabled=$ui"
    --conf spark.ui.showConsoleProgress=false
    --conf spark.sql.shuffle.partitions=16
    --conf "spark.sql.warehouse.dir=$STATE/spark-warehouse"
  )
  case $master in
    local*)
      export SPARK_LOCAL_IP=127.0.0.1
      submit+=(--conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1)
      ;;
  esac
  # shellcheck disable=SC2206 # split on purpose
  submit+=(${FFN_CENSUS_SUBMIT:-})
  local options=("${DJL_OPTIONS[@]}" "-Dffn.census.terminal=$terminal")
  if [ -n "${SPARK_HOME:-}" ] && [ -x "$SPARK_HOME/bin/spark-submit" ]; then
    exec "$SPARK_HOME/bin/spark-submit" "${submit[@]}" --driver-memory "$MEMORY" \
      --driver-java-options "${options[*]}" "$JAR" "$@"
  fi
  use_spark_jars
  exec "$JAVA" "-Xmx$MEMORY" "${SPARK_JAVA_OPTIONS[@]}" "${options[@]}" \
    -cp "$SPARK_HOME/jars/*${HADOOP_CONF_DIR:+:$HADOOP_CONF_DIR}" \
    org.apache.spark.deploy.SparkSubmit "${submit[@]}" "$JAR" "$@"
}
