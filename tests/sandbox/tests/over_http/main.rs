//! The sandbox from outside: a real HTTP client against a real listener.

#[cfg(test)]
mod aave;
#[cfg(test)]
mod aggregate;
#[cfg(test)]
mod chain;
#[cfg(test)]
mod compound;
#[cfg(test)]
mod curve;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod governance;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod morpho;
#[cfg(test)]
mod prices;
#[cfg(test)]
mod receivers;
#[cfg(test)]
mod support;
#[cfg(test)]
mod world;
#[cfg(test)]
mod world_faults;
