//! A copy of what the service keeps, and a copy put in its place.

use std::path::PathBuf;

use anyhow::{Context, ensure};

pub use risk_store::Copied;

use crate::wiring::{DATABASE, Wired};

impl Wired {
    /// Copies the database, also while services write to it: a SQLite file to a file, a MongoDB to a folder.
    ///
    /// # Errors
    /// The store is another; the copy could not be made, or `to` is there already.
    pub async fn back_up(&self, to: PathBuf) -> anyhow::Result<Copied> {
        if let Some(mongo) = &self.settings.mongodb {
            return mongo.store()?.back_up(&to).await.context("no backup was made");
        }
        let database = self.sqlite_file()?;
        let copied = tokio::task::spawn_blocking(move || risk_store::back_up(&database, &to)).await?;
        copied.context("no backup was made")
    }

    /// Puts a copy in the place of the SQLite file, while no process has it open, or into an empty MongoDB database. Answers
    /// where the file that was there is kept.
    ///
    /// # Errors
    /// The store is another; a process has the file open; the database is not empty; the copy is not whole or not of this
    /// service.
    pub async fn restore(&self, from: PathBuf) -> anyhow::Result<(Copied, Option<PathBuf>)> {
        if let Some(mongo) = &self.settings.mongodb {
            let restored = mongo.store()?.restore(&from).await;
            return Ok((restored.context("nothing was restored")?, None));
        }
        let database = self.sqlite_file()?;
        let restored = tokio::task::spawn_blocking(move || risk_store::restore(&from, &database)).await?;
        restored.context("nothing was restored")
    }

    fn sqlite_file(&self) -> anyhow::Result<PathBuf> {
        let name = self.service.store().name();
        ensure!(name == "sqlite", "the store is {name}, of which there is nothing to copy");
        Ok(self.settings.data_dir.join(DATABASE))
    }
}
