//! The other servers, each as one that knows it would set it up: one worker, no log.

use crate::server::Task;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

pub(crate) fn nginx(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let (root, folder) = (task.root.display(), task.folder.display());
    // TCP_DEFER_ACCEPT helps where each request has a connection of its own.
    let deferred = if task.workload.keeps { "" } else { " deferred" };
    let file = configure(
        task,
        "nginx.conf",
        &format!(
            "daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log /dev/null crit;
worker_rlimit_nofile 200000;
events {{ worker_connections 60000; use epoll; multi_accept on; }}
http {{
  types {{ text/html html; }}
  default_type application/octet-stream;
  access_log off; server_tokens off; etag on;
  sendfile on; sendfile_max_chunk 0; tcp_nopush on; tcp_nodelay on; reset_timedout_connection on;
  open_file_cache max=10000 inactive=60s; open_file_cache_valid 1s;
  open_file_cache_min_uses 1; open_file_cache_errors on;
  keepalive_timeout 600s; keepalive_requests 1000000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port} backlog=4096{deferred}; root {root}; }}
}}
"
        ),
    )?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(task.folder).arg("-c").arg(file);
    Ok(command)
}

pub(crate) fn lighttpd(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let root = task.root.display();
    let file = configure(
        task,
        "lighttpd.conf",
        &format!(
            r#"server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.max-fds = 60000
server.max-connections = 30000
server.max-keep-alive-requests = 1000000000
server.max-keep-alive-idle = 600
server.listen-backlog = 4096
server.stat-cache-engine = "simple"
server.network-backend = "sendfile"
server.event-handler = "linux-sysepoll"
server.errorlog = "/dev/null"
mimetype.assign = (".html" => "text/html", ".bin" => "application/octet-stream")
"#
        ),
    )?;
    let mut command = Command::new("lighttpd");
    command.arg("-D").arg("-f").arg(file);
    Ok(command)
}

pub(crate) fn h2o(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let root = task.root.display();
    let file = configure(
        task,
        "h2o.conf",
        &format!(
            "num-threads: 1
max-connections: 60000
http1-request-timeout: 600
listen: {{ host: 127.0.0.1, port: {port} }}
hosts:
  default:
    paths:
      /: {{ file.dir: {root} }}
error-log: /dev/null
"
        ),
    )?;
    let mut command = Command::new("h2o");
    command.args(["-m", "worker", "-c"]).arg(file);
    Ok(command)
}

pub(crate) fn darkhttpd(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let mut command = Command::new("darkhttpd");
    command.arg(task.root).args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--maxconn", "60000", "--timeout", "600", "--no-listing"]);
    Ok(command)
}

pub(crate) fn caddy(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let root = task.root.display();
    let file = configure(
        task,
        "Caddyfile",
        &format!(
            "{{
  admin off
  auto_https off
}}
http://:{port} {{
  bind 127.0.0.1
  root * {root}
  file_server
}}
"
        ),
    )?;
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    command.env("GOMAXPROCS", "1").env("HOME", task.folder);
    Ok(command)
}

pub(crate) fn busybox(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let mut command = Command::new("busybox");
    command.args(["httpd", "-f", "-p", &format!("127.0.0.1:{port}"), "-h"]).arg(task.root);
    Ok(command)
}

pub(crate) fn lwan(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let root = task.root.display();
    let file = configure(
        task,
        "lwan.conf",
        &format!(
            "keep_alive_timeout = 600
threads = 1
quiet = true
listener 127.0.0.1:{port}
site {{
  serve_files / {{
    path = {root}
    serve precompressed files = false
    auto index = false
    cache for = 60
  }}
}}
"
        ),
    )?;
    let mut command = Command::new("lwan");
    command.arg("-c").arg(file);
    Ok(command)
}

pub(crate) fn static_web_server(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let mut command = Command::new("static-web-server");
    command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-d"]).arg(task.root);
    command.args(["--threads-multiplier", "1", "--log-level", "error", "--cache-control-headers", "false"]);
    Ok(command)
}

pub(crate) fn miniserve(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let mut command = Command::new("miniserve");
    command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "--no-symlinks"]).arg(task.root);
    Ok(command)
}

pub(crate) fn dufs(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let mut command = Command::new("dufs");
    command.args(["-b", "127.0.0.1", "-p", &port.to_string(), "--log-format", ""]).arg(task.root);
    Ok(command)
}

pub(crate) fn python(task: &Task<'_>, port: u16) -> io::Result<Command> {
    let mut command = Command::new("python3");
    command.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string(), "--directory"]).arg(task.root);
    Ok(command)
}

fn configure(task: &Task<'_>, name: &str, text: &str) -> io::Result<PathBuf> {
    let file = task.folder.join(name);
    fs::write(&file, text)?;
    Ok(file)
}
