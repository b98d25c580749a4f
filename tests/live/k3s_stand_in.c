/* A stand-in for the k3s binary, of as much as the tests look at: `server` answers what `kubectl get nodes`
 * asks, over plain HTTP; `agent` registers there with the cluster's token; `kubectl get nodes` asks the
 * server. Built by the test, statically, so that it runs in any node. It is not k3s, and proves nothing about
 * k3s. */
#include <arpa/inet.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kPort = 6443, kMostNodes = 16 };

static const char* flag(int argc, char** argv, const char* name, const char* absent) {
  for (int i = 2; i + 1 < argc; ++i)
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  return absent;
}

static void read_token(int argc, char** argv, char* token, size_t size) {
  const char* file = flag(argc, argv, "--token-file", "");
  struct stat s;
  FILE* f = fopen(file, "r");
  if (!f || fstat(fileno(f), &s) != 0) {
    printf("no token at %s\n", file);
    exit(2);
  }
  const size_t n = fread(token, 1, size - 1, f);
  fclose(f);
  token[n] = 0;
  token[strcspn(token, "\n")] = 0;
  printf("token of %zu characters, mode %o\n", strlen(token), s.st_mode & 0777);
}

static void make_parents(const char* path) {
  char copy[512];
  snprintf(copy, sizeof copy, "%s", path);
  for (char* p = copy + 1; *p; ++p)
    if (*p == '/') {
      *p = 0;
      mkdir(copy, 0755);
      *p = '/';
    }
}

static int connect_to(const char* ip) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(kPort)};
  inet_pton(AF_INET, ip, &a.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr*)&a, sizeof a) == 0) return fd;
  close(fd);
  return -1;
}

/* The body of the answer to a GET; 0: nobody answers. */
static int get(const char* ip, const char* path, char* out, size_t size) {
  const int fd = connect_to(ip);
  if (fd < 0) return 0;
  char request[512];
  const int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: k3s\r\n\r\n", path);
  if (write(fd, request, (size_t)n) != n) return close(fd), 0;
  size_t got = 0;
  for (ssize_t r; got + 1 < size && (r = read(fd, out + got, size - 1 - got)) > 0;) got += (size_t)r;
  out[got] = 0;
  close(fd);
  char* body = strstr(out, "\r\n\r\n");
  if (!body) return 0;
  memmove(out, body + 4, strlen(body + 4) + 1);
  return 1;
}

static void answer(int fd, const char* status, const char* type, const char* body) {
  char head[256];
  const int n =
      snprintf(head, sizeof head,
               "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
               type, strlen(body));
  if (write(fd, head, (size_t)n) < 0 || write(fd, body, strlen(body)) < 0) perror("answer");
}

static int serve(int argc, char** argv) {
  char token[256], path[600];
  char nodes[kMostNodes][64];
  int count = 1;
  read_token(argc, argv, token, sizeof token);
  snprintf(nodes[0], sizeof nodes[0], "%s", flag(argc, argv, "--node-name", "?"));
  const char* config = flag(argc, argv, "--write-kubeconfig", "/etc/rancher/k3s/k3s.yaml");
  make_parents(config);
  FILE* f = fopen(config, "w");
  if (!f) return perror(config), 2;
  fprintf(
      f,
      "apiVersion: v1\nkind: Config\ncurrent-context: default\nclusters:\n- name: default\n  cluster:\n    "
      "server: http://127.0.0.1:%d\ncontexts:\n- name: default\n  context: {cluster: default, user: "
      "default}\n"
      "users:\n- name: default\n  user: {}\n",
      kPort);
  fclose(f);
  snprintf(path, sizeof path, "%s/server/manifests", flag(argc, argv, "--data-dir", "/var/lib/rancher/k3s"));
  DIR* d = opendir(path);
  for (struct dirent* e; d && (e = readdir(d));)
    if (e->d_name[0] != '.') printf("manifest %s\n", e->d_name);
  for (int i = 2; i < argc; ++i)
    if (strcmp(argv[i], "--disable") == 0) printf("without %s\n", argv[i + 1]);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(kPort)};
  const int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr*)&a, sizeof a) != 0 || listen(listener, 8) != 0)
    return perror("bind"), 2;
  printf("server %s listens\n", nodes[0]);
  for (;;) {
    char request[2048] = "", name[64] = "", secret[256] = "", body[4096];
    const int fd = accept(listener, NULL, NULL);
    const ssize_t n = read(fd, request, sizeof request - 1);
    if (n <= 0) {
      close(fd);
      continue;
    }
    request[n] = 0;
    if (sscanf(request, "GET /register?name=%63[^&]&token=%255s", name, secret) == 2) {
      const int good = strcmp(secret, token) == 0 && count < kMostNodes;
      if (good) snprintf(nodes[count++], sizeof nodes[0], "%s", name);
      printf("%s %s\n", name, good ? "joins" : "has another token");
      answer(fd, good ? "200 OK" : "403 Forbidden", "text/plain", good ? "welcome" : "no");
    } else if (strncmp(request, "GET /nodes ", 11) == 0) {
      body[0] = 0;
      for (int i = 0; i < count; ++i) snprintf(body + strlen(body), 80, "%.63s Ready\n", nodes[i]);
      answer(fd, "200 OK", "text/plain", body);
    } else if (strncmp(request, "GET /api/v1/nodes", 17) == 0) {
      snprintf(body, sizeof body,
               "{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"1\"},"
               "\"items\":[");
      for (int i = 0; i < count; ++i)
        snprintf(body + strlen(body), 400,
                 "%s{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\",\"uid\":\"%d\"},"
                 "\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}",
                 i ? "," : "", nodes[i], i);
      strcat(body, "]}");
      answer(fd, "200 OK", "application/json", body);
    } else if (strncmp(request, "GET /api/v1", 11) == 0) {
      answer(fd, "200 OK", "application/json",
             "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"v1\",\"resources\":[{"
             "\"name\":\"nodes\","
             "\"singularName\":\"node\",\"namespaced\":false,\"kind\":\"Node\",\"verbs\":[\"get\",\"list\"],"
             "\"shortNames\":[\"no\"]}]}");
    } else if (strncmp(request, "GET /apis", 9) == 0) {
      answer(fd, "200 OK", "application/json",
             "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[]}");
    } else if (strncmp(request, "GET /api", 8) == 0) {
      answer(fd, "200 OK", "application/json", "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}");
    } else {
      answer(fd, "404 Not Found", "text/plain", "there is no such thing");
    }
    close(fd);
  }
}

static void join(int argc, char** argv) {
  char token[256], server[64] = "", path[512], out[4096];
  read_token(argc, argv, token, sizeof token);
  sscanf(flag(argc, argv, "--server", ""), "https://%63[0-9.]", server);
  snprintf(path, sizeof path, "/register?name=%s&token=%s", flag(argc, argv, "--node-name", "?"), token);
  for (int i = 0; i < 300 && !get(server, path, out, sizeof out); ++i) usleep(200000);
  printf("the server says: %s\n", out);
  for (;;) pause();
}

static int list_nodes(void) {
  char server[64] = "", line[256], out[4096];
  const char* config = getenv("KUBECONFIG");
  FILE* f = fopen(config ? config : "/etc/rancher/k3s/k3s.yaml", "r");
  while (f && fgets(line, sizeof line, f)) sscanf(line, " server: http://%63[0-9.]", server);
  if (!get(server, "/nodes", out, sizeof out)) return fprintf(stderr, "no server\n"), 1;
  fputs(out, stdout);
  return 0;
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && strcmp(argv[1], "server") == 0) return serve(argc, argv);
  if (argc > 1 && strcmp(argv[1], "agent") == 0) join(argc, argv);
  if (argc > 1 && strcmp(argv[1], "kubectl") == 0) return list_nodes();
  return 2;
}
