//! One run of the server program.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::PATIENCE;

/// What a program writes, line by line.
#[derive(Default)]
struct Output {
    state: Mutex<(Vec<String>, bool)>,
    changed: Condvar,
}

impl Output {
    fn follow(stream: impl Read + Send + 'static) -> Arc<Self> {
        let output = Arc::new(Self::default());
        let writer = Arc::clone(&output);
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                writer.state.lock().unwrap_or_else(PoisonError::into_inner).0.push(text);
                writer.changed.notify_all();
            }
            writer.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
            writer.changed.notify_all();
        });
        output
    }

    /// What follows `prefix` in the first line that holds it. `None` when the output ends without it.
    fn after(&self, prefix: &str) -> Option<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let found =
                state.0.iter().find_map(|line| line.split_once(prefix).map(|(_, rest)| rest.to_owned()));
            if found.is_some() || state.1 {
                return found;
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Everything, once the program has closed it.
    fn whole(&self) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let (false, Some(left)) = (state.1, deadline.checked_duration_since(Instant::now())) {
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.0.join("\n")
    }
}

/// A running server.
pub(crate) struct Process {
    child: Child,
    stdout: Arc<Output>,
    stderr: Arc<Output>,
    /// Where it answers.
    pub(crate) listens_on: SocketAddr,
    /// Where it shows its metrics.
    pub(crate) metrics_on: SocketAddr,
}

impl Process {
    /// Starts `command` and waits until it says where it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stdout = Output::follow(child.stdout.take().expect("piped"));
        let stderr = Output::follow(child.stderr.take().expect("piped"));
        let places = stdout.after("listening on http://").zip(stdout.after("metrics on http://"));
        let Some((listening, metrics)) = places else {
            let _ = child.kill();
            panic!("the server did not start:\n{}\n{}", stdout.whole(), stderr.whole());
        };
        let address = |text: &str| {
            let text = text.split(['/', ' ']).next().unwrap_or_default();
            text.parse().unwrap_or_else(|error| panic!("{error}: {text:?} is no address"))
        };
        let (listens_on, metrics_on) = (address(&listening), address(&metrics));
        Self { child, stdout, stderr, listens_on, metrics_on }
    }

    /// SIGKILL: nothing is told, nothing is finished.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("an end");
    }

    /// SIGTERM, and the end of the process. SIGKILL when it does not come.
    pub(crate) fn terminate(&mut self) -> Option<ExitStatus> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Some(status);
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        let _ = kill_process(pid, Signal::TERM);
        // The output closes when the process ends, so waiting for it is waiting for the end.
        self.stdout.whole();
        self.stderr.whole();
        match self.child.try_wait() {
            Ok(Some(status)) => Some(status),
            // Closing its output is the last thing a process does, but the kernel may still be at it.
            _ if self.stdout.state.lock().is_ok_and(|state| state.1) => self.child.wait().ok(),
            _ => {
                self.kill();
                None
            }
        }
    }

    /// Everything it wrote, once it has ended.
    pub(crate) fn written(&self) -> String {
        format!("{}\n{}", self.stdout.whole(), self.stderr.whole())
    }
}
