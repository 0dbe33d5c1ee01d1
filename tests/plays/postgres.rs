//! Starts a PostgreSQL and a NATS server for one test, on loopback and ports of their own, and stops them after it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// How often another port is tried when somebody else took the one that was free.
const N_PORTS: u32 = 5;

/// The user that the server runs as, where the test runs as root, which PostgreSQL refuses.
const SERVER_USER: &str = "postgres";

/// A PostgreSQL server with an empty database, gone with this value.
pub struct Postgres {
    folder: TempDir,
    port: u16,
    server: Option<Server>,
}

impl Postgres {
    /// Starts one. Panics with what to install where PostgreSQL is missing.
    pub fn start() -> Self {
        let mut folder = tempfile::tempdir().expect("a temporary folder can be made");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("the temporary folder can be written to");
        give_to_server_user(folder.path());
        give_to_server_user(&data);
        let made = as_server_user(&postgres_program("initdb"))
            .args(["--auth=trust", "--username=plainbill", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .arg("--pgdata")
            .arg(&data)
            .output()
            .expect("initdb can be started");
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        for _ in 0..N_PORTS {
            let mut postgres = Self { folder, port: free_port(), server: None };
            match postgres.try_to_start() {
                Ok(()) => return postgres,
                Err(log) if log.contains("could not bind") => folder = postgres.folder,
                Err(log) => panic!("PostgreSQL did not start: {log}"),
            }
        }
        panic!("no port for PostgreSQL was free in {N_PORTS} attempts");
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        format!("postgres://plainbill@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it at once, as a crash would.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again on the same port, with what it had.
    pub fn start_again(&mut self) {
        if let Err(log) = self.try_to_start() {
            panic!("PostgreSQL did not start again: {log}");
        }
    }

    fn try_to_start(&mut self) -> Result<(), String> {
        let mut command = as_server_user(&postgres_program("postgres"));
        command.arg("-D").arg(self.folder.path().join("data")).args(["-p", &self.port.to_string()]).args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=50",
        ]);
        // QUIT is PostgreSQL's word for stopping without a checkpoint.
        let (server, _) = Server::start(command, "QUIT", "database system is ready to accept connections")?;
        self.server = Some(server);
        Ok(())
    }
}

/// A NATS server, gone with this value.
pub struct Nats {
    port: u16,
    server: Option<Server>,
}

impl Nats {
    /// Starts one. Panics with what to install where NATS is missing.
    pub fn start() -> Self {
        // -1 is NATS's word for any free port.
        let mut nats = Self { port: 0, server: None };
        nats.start_on("-1");
        nats
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Stops it.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again on the same port.
    pub fn start_again(&mut self) {
        self.start_on(&self.port.to_string());
    }

    fn start_on(&mut self, port: &str) {
        let program = find_program("nats-server", &["/usr/sbin", "/usr/local/bin"])
            .unwrap_or_else(|| panic!("this test needs NATS: apt-get install nats-server"));
        let mut command = Command::new(program);
        command.args(["-a", "127.0.0.1", "-p", port]);
        let (server, log) =
            Server::start(command, "TERM", "Server is ready").unwrap_or_else(|log| panic!("NATS did not start: {log}"));
        self.port = log
            .lines()
            .find(|line| line.contains("Listening for client connections"))
            .and_then(|line| line.rsplit(':').next()?.trim().parse().ok())
            .expect("NATS says where it listens");
        self.server = Some(server);
    }
}

/// A PgBouncer before a PostgreSQL server, gone with this value.
pub struct Bouncer {
    port: u16,
    _server: Server,
    _folder: TempDir,
}

impl Bouncer {
    /// Starts one that pools by `session`, by `transaction` or by `statement`. None where PgBouncer is missing, which it says loudly.
    pub fn start(before: &Postgres, pool_mode: &str) -> Option<Self> {
        let Some(program) = find_program("pgbouncer", &["/usr/sbin", "/usr/local/bin"]) else {
            eprintln!("SKIPPED: this test needs PgBouncer: apt-get install pgbouncer");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (users, settings) = (folder.path().join("users.txt"), folder.path().join("pgbouncer.ini"));
        std::fs::write(&users, "\"plainbill\" \"\"\n").expect("it can be written");
        for _ in 0..N_PORTS {
            let port = free_port();
            let text = format!(
                "[databases]\npostgres = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\n\
                 pool_mode = {pool_mode}\ndefault_pool_size = 5\nignore_startup_parameters = extra_float_digits\n",
                before.port,
                users.display(),
            );
            std::fs::write(&settings, text).expect("it can be written");
            give_to_server_user(folder.path());
            let mut command = as_server_user(&program);
            command.arg(&settings);
            match Server::start(command, "INT", "process up") {
                Ok((server, _)) => return Some(Self { port, _server: server, _folder: folder }),
                Err(log) if log.contains("already in use") => {}
                Err(log) => panic!("PgBouncer did not start: {log}"),
            }
        }
        panic!("no port for PgBouncer was free in {N_PORTS} attempts");
    }

    /// The address of the database through it.
    pub fn url(&self) -> String {
        format!("postgres://plainbill@127.0.0.1:{}/postgres", self.port)
    }
}

/// A child process that is stopped by its id when this is dropped.
struct Server {
    child: Child,
    stop_signal: &'static str,
}

impl Server {
    /// Starts it and reads its log until it says that it is ready. Returns the log, also where it ends without that.
    fn start(mut command: Command, stop_signal: &'static str, ready: &str) -> Result<(Self, String), String> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut server = Self { child: child.map_err(|error| error.to_string())?, stop_signal };
        let stderr = server.child.stderr.take().expect("the log is piped");
        let mut lines = BufReader::new(stderr).lines();
        let mut log = String::new();
        for line in lines.by_ref().map_while(Result::ok) {
            log.push_str(&line);
            log.push('\n');
            if line.contains(ready) {
                // Nobody reads on, but a full pipe would stop the server.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok((server, log));
            }
        }
        Err(log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-s", self.stop_signal, &id]).status();
        if !told.is_ok_and(|status| status.success()) {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("some port is free");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// A program in the `PATH` or in one of these folders.
fn find_program(name: &str, folders: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(folders.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// One of PostgreSQL's programs; Debian keeps them in a folder for each version.
fn postgres_program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin").join(name))).collect())
        .unwrap_or_default();
    versions.sort();
    versions
        .into_iter()
        .rev()
        .find(|program| program.is_file())
        .or_else(|| find_program(name, &[]))
        .unwrap_or_else(|| panic!("this test needs PostgreSQL's {name}: apt-get install postgresql"))
}

/// The server user's ids, where the test runs as root.
fn server_user() -> Option<(u32, u32)> {
    let ask = |user: Option<&str>, what: &str| -> Option<u32> {
        let output = Command::new("id").arg(what).args(user).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if ask(None, "-u") != Some(0) {
        return None;
    }
    let ids = (ask(Some(SERVER_USER), "-u"), ask(Some(SERVER_USER), "-g"));
    let (Some(user), Some(group)) = ids else {
        panic!("PostgreSQL does not run as root, and there is no user {SERVER_USER}: apt-get install postgresql")
    };
    Some((user, group))
}

fn as_server_user(program: &Path) -> Command {
    match server_user() {
        None => Command::new(program),
        Some((user, group)) => {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={group}"))
                .args(["--clear-groups", "--"])
                .arg(program)
                .current_dir("/");
            command
        }
    }
}

fn give_to_server_user(folder: &Path) {
    if let Some((user, group)) = server_user() {
        std::os::unix::fs::chown(folder, Some(user), Some(group)).expect("root may give folders away");
    }
}
