/* SPDX-License-Identifier: MIT */
#include "elf/debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

/* elfutils/debuginfod.h of elfutils 0.188, whose ABI is stable: the package for building with it is
 * not needed. */
typedef struct debuginfod_client client;
typedef int progress_fn(client *client, long a, long b);

struct library {
	client *(*begin)(void);
	void (*end)(client *client);
	int (*find_debuginfo)(client *client, const unsigned char *id, int id_bytes, char **path);
	void (*set_progressfn)(client *client, progress_fn *progress);
	void (*set_user_data)(client *client, void *data);
	void *(*get_user_data)(client *client);
};

static bool load_symbol(void *handle, const char *name, void *ret)
{
	void *symbol = dlsym(handle, name);

	/* ISO C has no cast from an object to a function; POSIX promises that they are alike. */
	memcpy(ret, &symbol, sizeof(symbol));
	return symbol;
}

/* Stays loaded: libcurl does not bear to be unloaded. */
static bool load(struct library *ret)
{
	void *handle = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);

	return handle && load_symbol(handle, "debuginfod_begin", &ret->begin) &&
	       load_symbol(handle, "debuginfod_end", &ret->end) &&
	       load_symbol(handle, "debuginfod_find_debuginfo", &ret->find_debuginfo) &&
	       load_symbol(handle, "debuginfod_set_progressfn", &ret->set_progressfn) &&
	       load_symbol(handle, "debuginfod_set_user_data", &ret->set_user_data) &&
	       load_symbol(handle, "debuginfod_get_user_data", &ret->get_user_data);
}

/* A program can be read without its debug file: nobody is kept waiting unasked. */
static const int64_t patience_ns = 10ll * 1000 * 1000 * 1000;

struct wait {
	const struct debug_search *search;
	int64_t since_ns, limit_ns;
	bool given_up;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The library hands its progress to a function that gets nothing but the client. */
static void *(*user_data_of)(client *client);

static int progress(client *of, long a, long b)
{
	struct wait *wait = user_data_of(of);
	const struct debug_search *search = wait->search;
	int64_t waited = now_ns() - wait->since_ns;

	(void)a;
	(void)b;
	wait->given_up = waited > wait->limit_ns ||
			 (search->waiting && !search->waiting(search->context, waited));
	return wait->given_up;
}

/* The user's limits are the library's to keep. */
static int64_t limit_ns(void)
{
	return secure_getenv("DEBUGINFOD_TIMEOUT") || secure_getenv("DEBUGINFOD_MAXTIME")
		   ? INT64_MAX
		   : patience_ns;
}

static struct binary *open_found(int fd, const char *path, char **warning)
{
	struct binary *binary = NULL;
	struct spy_error *error = binary_open_fd(fd, path, &binary);

	if (error)
		*warning = memory_string(error->message);
	spy_error_free(error);
	return binary;
}

static struct binary *ask(const struct library *library, client *of, const char *id,
			  const struct debug_search *search, char **warning)
{
	struct wait wait = { .search = search, .since_ns = now_ns(), .limit_ns = limit_ns() };
	struct text text = { 0 };
	char *path _cleanup_free_ = NULL;
	int fd _cleanup_close_ = -1;

	user_data_of = library->get_user_data;
	library->set_user_data(of, &wait);
	library->set_progressfn(of, progress);
	fd = library->find_debuginfo(of, (const unsigned char *)id, 0, &path);
	if (fd >= 0)
		return open_found(fd, path ? path : "the file from debuginfod", warning);
	if (fd == -ENOENT && !wait.given_up) /* nobody has it */
		return NULL;
	text_printf(&text, "debuginfod could not be asked: %s",
		    wait.given_up ? "it took too long (DEBUGINFOD_TIMEOUT allows more)"
				  : strerrordesc_np(-fd));
	*warning = text_take(&text);
	return NULL;
}

struct binary *debuginfod_find(const struct binary *program, const struct debug_search *search,
			       char **warning)
{
	const char *urls = secure_getenv("DEBUGINFOD_URLS"), *id = binary_gnu_build_id(program);
	struct library library = { 0 };
	struct binary *binary;
	client *of;

	if (!urls || !urls[strspn(urls, " ")] || !id)
		return NULL;
	if (!load(&library)) {
		*warning = memory_string("DEBUGINFOD_URLS is set, but libdebuginfod.so.1 is not "
					 "installed (Debian: libdebuginfod1)");
		return NULL;
	}
	of = library.begin();
	if (!of) {
		*warning = memory_string("debuginfod could not be asked: libdebuginfod did not "
					 "start");
		return NULL;
	}
	binary = ask(&library, of, id, search, warning);
	library.end(of);
	return binary;
}
