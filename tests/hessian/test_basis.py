from __future__ import annotations

import pytest
import torch

from qbert_lightning.hessian.basis import OrthonormalBasis, safe_norm


@pytest.mark.parametrize("scale", [1e-37, 1e-30, 1.0, 1e30])
def test_norm_neither_underflows_nor_overflows(scale: float) -> None:
    vector = torch.tensor([3.0, -4.0]) * scale
    assert safe_norm(vector) == pytest.approx(5 * scale, rel=1e-5)


def test_norm_of_zero() -> None:
    assert safe_norm(torch.zeros(3)) == 0.0


@pytest.mark.parametrize("sizes", [(), (1, 6), (20, 30), (40,)])
def test_basis_stays_orthonormal_over_several_matrices(sizes: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    basis = OrthonormalBasis(*sizes)
    direction = torch.randn(60)
    for _ in range(40):  # nearly parallel vectors: one projection is not enough
        vector = direction + 1e-4 * torch.randn(60)
        vector /= basis.remove_from(vector) if len(basis) else vector.norm()
        basis.append(vector)
    newest, middle = basis[-1].clone(), basis[17].clone()
    matrix = basis.taken()
    assert len(basis) == 0
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(40), rtol=0, atol=1e-5)
    assert torch.equal(newest, matrix[39])
    assert torch.equal(middle, matrix[17])


def test_as_many_vectors_as_the_first_matrix_has_are_not_copied() -> None:
    basis = OrthonormalBasis(first=2)
    for vector in torch.eye(3):
        basis.append(vector)
    basis.become(torch.eye(3)[:, 1:])
    place = basis[0].data_ptr()
    matrix = basis.taken()
    assert matrix.data_ptr() == place
    assert torch.equal(matrix, torch.eye(3)[1:])
    assert matrix.untyped_storage().nbytes() == 2 * 3 * 4  # and nothing beside them


@pytest.mark.parametrize("kept", [1, 16, 17, 40])
@pytest.mark.parametrize("sizes", [(), (17, 23)])
def test_basis_turns_into_sums_of_its_vectors_in_place(
    kept: int, sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbert_lightning.hessian.basis._ENTRIES", 7)
    torch.manual_seed(0)
    vectors = torch.linalg.qr(torch.randn(60, 40, dtype=torch.float64))[0].T
    rotation = torch.linalg.qr(torch.randn(40, 40, dtype=torch.float64))[0]
    basis = OrthonormalBasis(*sizes)
    for vector in vectors:
        basis.append(vector)
    basis.become(rotation[:, :kept])
    assert len(basis) == kept
    basis.append(vectors[0])  # it grows on from there
    expected = torch.cat([rotation[:, :kept].T @ vectors, vectors[:1]])
    torch.testing.assert_close(basis.taken(), expected)
