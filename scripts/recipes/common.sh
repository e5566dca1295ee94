# Sourced by the recipes: a stage is skipped while the files that it read and wrote are as it left them.
# shellcheck shell=bash disable=SC2034 # the recipes use what is set here

DATA=${MASKWATCH_DATA:-../shared/data}
TEACHER=$DATA/teachers/scrfd_2.5g_kps.onnx
IMAGENET=$DATA/weights/mobilenet_v2_1.0_224_imagenet_notop.weights.h5
HELD_OUT=adityap27

say() { printf '\033[1m%s\033[0m\n' "$*"; }

stop() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 2
}

# need FILE…: stops when one is missing.
need() {
    local path
    for path in "$@"; do
        [[ -e $path ]] || stop "$path is missing; set MASKWATCH_DATA to the folder of the data sets"
    done
}

# is_done STAMP: whether the stage that left this stamp need not be done again.
is_done() {
    [[ -f $1 ]] && sha256sum --check --status "$1" 2>/dev/null
}

# mark STAMP FILE…: remembers what the files are now.
mark() {
    sha256sum "${@:2}" >"$1.part"
    mv "$1.part" "$1"
}

# hand_on FROM TO: gives a run what the teacher and the detector said of the same pictures in the run before it.
hand_on() {
    [[ -d $1/repaired && ! -e $2/repaired ]] || return 0
    rm -rf "$2/repaired.part" # of a copy that was cut off
    mkdir -p "$2"
    cp -r "$1/repaired" "$2/repaired.part"
    mv "$2/repaired.part" "$2/repaired"
}

# convert_run RUN MODEL WORD…: makes models/MODEL.tflite, its manifest and its float twin.
convert_run() {
    local run=$1 model=models/$2
    shift 2
    if is_done "$run/converted.sha256"; then
        say "$model.tflite is up to date"
        return
    fi
    say "Converting $run …"
    ./setup.sh convert "$run" --output "$model.tflite" --keep-float "$@"
    mark "$run/converted.sha256" "$run/model.keras" "$model.tflite" "$model.json" "$model.keras"
}

# evaluate_models RUN: scores both models of models/ together on the data set that neither has learned from.
evaluate_models() {
    local run=$1
    if [[ -n ${FINAL:-} ]]; then
        say "Not scored: this model has learned from every data set. Its scores are those of the run without FINAL=1."
    elif is_done "$run/evaluated.sha256"; then
        say "$run/evaluation is up to date"
    else
        say "Scoring on $HELD_OUT …"
        ./setup.sh train evaluate --boxes "$DATA/detection/$HELD_OUT/annotations.csv" --output "$run/evaluation"
        mark "$run/evaluated.sha256" models/face_detector.tflite models/mask_classifier.tflite
    fi
}
