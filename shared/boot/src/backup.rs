//! A copy of what the service keeps, and a copy put in its place.

use std::path::PathBuf;

use anyhow::{Context, ensure};

pub use risk_store::Copied;

use crate::wiring::{DATABASE, Wired};

impl Wired {
    /// Copies the SQLite file, also while services write to it.
    ///
    /// # Errors
    /// The store is another; the copy could not be made, or `to` is there already.
    pub async fn back_up(&self, to: PathBuf) -> anyhow::Result<Copied> {
        let database = self.sqlite_file()?;
        let copied = tokio::task::spawn_blocking(move || risk_store::back_up(&database, &to)).await?;
        copied.context("no backup was made")
    }

    /// Puts a copy in the place of the SQLite file, while no process has it open. Answers where the file that was there
    /// is kept.
    ///
    /// # Errors
    /// The store is another; a process has the file open; the copy is not whole or not of this service.
    pub async fn restore(&self, from: PathBuf) -> anyhow::Result<(Copied, Option<PathBuf>)> {
        let database = self.sqlite_file()?;
        let restored = tokio::task::spawn_blocking(move || risk_store::restore(&from, &database)).await?;
        restored.context("nothing was restored")
    }

    fn sqlite_file(&self) -> anyhow::Result<PathBuf> {
        let name = self.service.store().name();
        ensure!(name == "sqlite", "the store is {name}, which has tools of its own for this");
        Ok(self.settings.data_dir.join(DATABASE))
    }
}
