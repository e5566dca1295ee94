/* A TFLite delegate in the place of libedgetpu: it takes every edgetpu-custom-op and fills its outputs with the first
 * byte of its input. The file that the environment variable STAND_IN_STICK names has it misbehave:
 *   absent   there is no stick           error   a picture fails
 *   stall    a picture never ends        vanish  the process is aborted, as libedgetpu does when a stick is unplugged
 *   slow     it never ends to load
 * The structures are those of TensorFlow Lite's C interface, as far as they are needed. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, FAILED = 1 };

typedef struct { int size; int data[]; } Integers;

typedef struct {
    int type;
    void *data;
    Integers *sizes;
    struct { float scale; int32_t zero_point; } parameters;
    int allocation;
    size_t bytes;
    const void *where;
    const char *name;
    void *delegate;
    int buffer_handle;
    bool is_stale, is_variable;
    struct { int kind; void *parameters; } quantization;
    void *sparsity;
    const Integers *signature;
} Tensor;

typedef struct { Integers *inputs, *outputs; } Node; /* more follows */

typedef struct Context Context;
typedef struct Delegate Delegate;

typedef struct {
    void *(*init)(Context *, const char *, size_t);
    void (*free)(Context *, void *);
    int (*prepare)(Context *, Node *);
    int (*invoke)(Context *, Node *);
    const char *(*profiling_string)(const Context *, const Node *);
    int32_t builtin_code;
    const char *custom_name;
    int version;
    void *later[4]; /* what newer versions added; not used, so zero */
} Registration;

struct Context {
    size_t tensor_count;
    int (*get_plan)(Context *, Integers **);
    Tensor *tensors;
    void *implementation;
    int (*resize)(Context *, Tensor *, Integers *);
    void (*report)(Context *, const char *, ...);
    int (*add_tensors)(Context *, int, int *);
    int (*get_node)(Context *, int, Node **, Registration **);
    int (*replace)(Context *, Registration, const Integers *, Delegate *);
};

struct Delegate {
    void *data;
    int (*prepare)(Context *, Delegate *);
    void *copy_from, *copy_to, *free_handle;
    int64_t flags;
    void *builder;
};

static bool told(const char *word) {
    char line[32] = "";
    const char *path = getenv("STAND_IN_STICK");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) {
        if (!fgets(line, sizeof line, file)) line[0] = 0;
        fclose(file);
    }
    return strncmp(line, word, strlen(word)) == 0;
}

static int prepare_node(Context *context, Node *node) {
    (void)context, (void)node;
    return OK;
}

static int run_node(Context *context, Node *node) {
    if (told("error")) {
        context->report(context, "the stand-in stick was told to fail");
        return FAILED;
    }
    while (told("stall")) usleep(10000);
    if (told("vanish")) {
        fprintf(stderr, "F driver/usb/usb_driver.cc:857] transfer on tag 0 failed. Abort.\n");
        abort();
    }
    const unsigned char *picture = context->tensors[node->inputs->data[0]].data;
    for (int i = 0; i < node->outputs->size; i++) {
        Tensor *output = &context->tensors[node->outputs->data[i]];
        memset(output->data, picture[0], output->bytes);
    }
    return OK;
}

static int prepare(Context *context, Delegate *delegate) {
    Integers *plan;
    if (context->get_plan(context, &plan) != OK) return FAILED;
    Integers *mine = calloc(1, sizeof *mine + (size_t)plan->size * sizeof(int));
    for (int i = 0; i < plan->size; i++) {
        Node *node;
        Registration *what;
        if (context->get_node(context, plan->data[i], &node, &what) != OK) return FAILED;
        if (what->custom_name && strcmp(what->custom_name, "edgetpu-custom-op") == 0)
            mine->data[mine->size++] = plan->data[i];
    }
    Registration kernel = {.prepare = prepare_node, .invoke = run_node, .custom_name = "stand-in stick", .version = 1};
    int result = context->replace(context, kernel, mine, delegate);
    free(mine);
    return result;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
    while (told("slow")) usleep(10000);
    if (told("absent")) {
        report("");
        return NULL;
    }
    Delegate *delegate = calloc(1, sizeof *delegate);
    delegate->prepare = prepare;
    delegate->flags = 1; /* dynamic tensors are allowed: otherwise the operator must be known before it is taken */
    return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }
